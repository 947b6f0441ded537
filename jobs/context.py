"""What a process that runs turns holds: its engine, Redis, queue, model, lander and leases.

Owns building them once for each process. Must not be imported by inbox or responder.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from redis import Redis
from sqlalchemy import Engine

from inbox.database import connect
from inbox.redis import redis_client
from inbox.sealing import Sealer
from inbox.secret_key import secret_key
from inbox.settings import Settings, found_servers
from inbox.wake import Waker
from jobs.breaker import SharedBreaker
from jobs.landing import Lander
from jobs.lease import LeaseKeeper
from jobs.progress import Teller
from jobs.queue import RqTurnQueue
from responder.model import Model
from responder.public_network import Network

# All that Redis carries is hints: one that hangs costs a turn one wait, and then nobody any for a while.
REDIS_SECONDS = 2.0
REDIS_REST_SECONDS = 10.0
TELLING_SECONDS = 1.0  # how long the teller waits for a Redis that hangs; nobody waits for the teller
# A turn holds none while it thinks, so few serve many, and no more are opened in a rush: for each new one the server
# starts a process that plans every statement anew, which cost it more than the rush's work.
CONNECTIONS = 8
# Far more than any statement of a turn takes; a PostgreSQL that stands still holds no thread longer.
DATABASE_SECONDS = 30.0
POOL_SECONDS = 30.0  # a thousand turns may stand in line for them when the server is slow; nobody else waits there


@dataclass(frozen=True)
class Context:
    """Built once for each process and safe in many threads."""

    settings: Settings
    engine: Engine
    redis: Redis
    queue: RqTurnQueue
    model: Model
    lander: Lander
    leases: LeaseKeeper
    waker: Waker
    sealer: Sealer
    teller: Teller
    network: Network = field(default_factory=Network)


def build(settings: Settings) -> Context:
    """A context on the servers that the settings name."""
    engine = connect(
        str(settings.database_url),
        pool_size=CONNECTIONS,
        bounded=True,
        application="tandem worker",
        patience_seconds=DATABASE_SECONDS,
        pool_seconds=POOL_SECONDS,
    )
    url = str(settings.redis_url)
    redis = redis_client(url, patience_seconds=REDIS_SECONDS, rest_seconds=REDIS_REST_SECONDS)
    return Context(
        settings=settings,
        engine=engine,
        redis=redis,
        queue=RqTurnQueue(redis),
        model=Model.from_settings(settings, SharedBreaker.at(url)),
        lander=Lander(engine, redis),
        leases=LeaseKeeper(engine, settings.lease_seconds),
        waker=Waker(redis),
        teller=Teller(redis_client(url, patience_seconds=TELLING_SECONDS)),
        sealer=Sealer(secret_key(settings)),
        network=Network.reaching(settings.private_networks),
    )


_current: Context | None = None
_guard = threading.Lock()


def current() -> Context:
    """This process's context, from its environment or from the run.json of a running `make run`."""
    global _current
    with _guard:
        if _current is None:
            _current = build(found_servers(Settings.from_environment(os.environ)))
        return _current


def use(context: Context | None) -> None:
    """Make this the process's context (a worker that has built its own; a test)."""
    global _current
    with _guard:
        _current = context
