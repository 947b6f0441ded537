"""What a process that runs turns holds: its engine, Redis, queue, model, lander and leases.

Owns building them once for each process. Must not be imported by inbox or responder.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, replace

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine

from inbox.database import connect
from inbox.settings import Settings
from inbox.wake import Waker
from jobs.landing import Lander
from jobs.lease import LeaseKeeper
from jobs.queue import RqTurnQueue
from responder.model import Model

CONNECTIONS = 16  # a turn holds none while it thinks, so few serve many


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


def redis_client(url: str) -> Redis:
    """A client that gives up at once when Redis is away, for everything here can go on without it."""
    return Redis.from_url(
        url, socket_connect_timeout=0.5, socket_timeout=5.0, retry=Retry(NoBackoff(), 1), health_check_interval=30
    )


def build(settings: Settings) -> Context:
    """A context on the servers that the settings name."""
    if settings.database_url is None or settings.redis_url is None:
        raise RuntimeError("No servers are known: set DATABASE_URL and REDIS_URL, or start Tandem with make run.")
    engine = connect(settings.database_url, pool_size=CONNECTIONS, application="tandem worker")
    redis = redis_client(settings.redis_url)
    return Context(
        settings=settings,
        engine=engine,
        redis=redis,
        queue=RqTurnQueue(redis),
        model=Model.from_settings(settings),
        lander=Lander(engine, redis),
        leases=LeaseKeeper(engine, settings.lease_seconds),
        waker=Waker(redis),
    )


_current: Context | None = None
_guard = threading.Lock()


def current() -> Context:
    """This process's context, from its environment or from the run.json of a running `make run`."""
    global _current
    with _guard:
        if _current is None:
            _current = build(_found(Settings.from_environment(os.environ)))
        return _current


def use(context: Context | None) -> None:
    """Make this the process's context (a worker that has built its own; a test)."""
    global _current
    with _guard:
        _current = context


def _found(settings: Settings) -> Settings:
    if settings.database_url and settings.redis_url:
        return settings
    run = settings.data / "run.json"
    if not run.exists():
        return settings
    known = json.loads(run.read_text())
    return replace(
        settings,
        database_url=settings.database_url or known["database_url"],
        redis_url=settings.redis_url or known["redis_url"],
    )
