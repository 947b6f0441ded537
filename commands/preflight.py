"""What must be so before `make run` starts anything: a data folder of its own, a free port, servers that answer.

Owns these checks, each with the sentence that says what to do. Must not start anything.
"""

from __future__ import annotations

import fcntl
import socket
from pathlib import Path
from typing import IO

import psycopg
from redis.exceptions import RedisError

from inbox.redis import redis_client


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
        except OSError:
            raise CannotRun(f"Port {port} is taken. Stop what uses it, or set TANDEM_PORT to another.") from None


def check_database(url: str) -> None:
    """Whether a database that somebody else runs answers. Raises CannotRun."""
    try:
        psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), connect_timeout=5).close()
    except psycopg.Error:
        raise CannotRun("The database at DATABASE_URL does not answer. Start it, or correct the address.") from None


def check_redis(url: str) -> None:
    """Whether a Redis that somebody else runs answers. Raises CannotRun."""
    try:
        redis_client(url).ping()
    except (RedisError, ValueError, OSError):
        raise CannotRun("The server at REDIS_URL does not answer. Start it, or correct the address.") from None
