"""What must be so before anything starts: a data folder with room, a free port, servers that answer, the right key.

Owns these checks, each with the sentence that says what to do. Must not start anything.
"""

from __future__ import annotations

import fcntl
import shutil
import socket
from pathlib import Path
from typing import IO

import psycopg
from redis.exceptions import RedisError
from sqlalchemy import Connection

from commands.no_port import no_port
from commands.result import say
from inbox import sealed
from inbox.database import why_away
from inbox.redis import redis_client

LEAST_ROOM_MB = 150  # PostgreSQL's own files are 40, its log of changes 32 more and growing
OTHER_KEY = (
    "SECRET_KEY is not the one that this database's secrets were sealed with: second factors, webhooks and tools will "
    "not work. Start with the old one (the file secret_key in the data folder, where it was never set)."
)


class CannotRun(Exception):
    """One sentence that says why, and what to do."""


def hold(data: Path) -> IO[str]:
    """The data folder's lock; it goes with this process, however that ends. Raises CannotRun."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "lock").open("w")
    except OSError as error:
        raise CannotRun(f"The data folder {data} cannot be used ({error.strerror}).") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotRun(f"Another Tandem uses {data}. Stop it, or set TANDEM_DATA to another folder.") from None
    return lock


def check_port(port: int) -> None:
    """Whether the web process can listen there. Raises CannotRun."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotRun(no_port(port, error)) from None


def check_room(data: Path) -> None:
    """Whether PostgreSQL's files have room in the data folder. Raises CannotRun."""
    left = shutil.disk_usage(data).free // 1_000_000
    if left < LEAST_ROOM_MB:
        raise CannotRun(
            f"Only {left} MB are left where {data} is, and PostgreSQL needs {LEAST_ROOM_MB}. Make room, or set "
            "TANDEM_DATA to a folder on another disk."
        )


def check_key(connection: Connection, secret_key: str) -> None:
    """Say it where the secrets in the database are of another secret key; all else goes on without them."""
    if sealed.is_of_another_key(connection, secret_key):
        say(OTHER_KEY)


def check_database(url: str) -> None:
    """Whether a database that somebody else runs answers. Raises CannotRun."""
    try:
        psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), connect_timeout=5).close()
    except psycopg.Error as error:
        raise CannotRun(
            f"The database at DATABASE_URL does not answer ({why_away(error)}). Start it, or correct the address."
        ) from None


def check_redis(url: str) -> None:
    """Whether a Redis that somebody else runs answers. Raises CannotRun."""
    try:
        redis_client(url).ping()
    except (RedisError, ValueError, OSError) as error:
        why = str(error).rstrip(".")
        raise CannotRun(f"The server at REDIS_URL does not answer ({why}). Start it, or correct the address.") from None
