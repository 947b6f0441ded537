"""PgBouncer in transaction mode before a test's database, for what must not rely on a session.

Owns starting it. Where it is not installed the test is skipped with that word, except in CI.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from commands.child import become, start
from commands.embedded import _unprivileged  # the user that the database runs as
from tests.product import wait_for

SERVER_CONNECTIONS = 3  # fewer than any process opens, so that clients truly share them
PORT = 6432


@contextmanager
def transaction_pooler(database_url: str) -> Iterator[str]:
    """The address of a pooler before this database; every client shares SERVER_CONNECTIONS."""
    program = _program()
    user = _unprivileged() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pooler-", dir="/tmp"))
    (folder / "pgbouncer.ini").write_text(_configuration(database_url, folder))
    if user is not None:
        for path in (folder, folder / "pgbouncer.ini"):
            os.chown(path, user.pw_uid, user.pw_gid)
    identity = become(user, keep_walking=True)
    command = [program, str(folder / "pgbouncer.ini")]
    process = start(command, log=folder / "log", identity=identity, dies_with=signal.SIGKILL)
    url = f"postgresql://tandem@/pooled?host={folder}&port={PORT}"
    try:
        wait_for("the pooler", lambda: _answers(url))
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _program() -> str:
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if found is not None:
        return found
    reason = "PgBouncer is not installed (Debian: apt-get install pgbouncer)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _configuration(database_url: str, folder: Path) -> str:
    parts = urlsplit(database_url.replace("+psycopg", ""))
    query = parse_qs(parts.query)
    target = f"host={query['host'][0]} port={query['port'][0]} dbname={parts.path.strip('/')} user=tandem"
    return f"""[databases]
pooled = {target}
[pgbouncer]
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
max_client_conn = 500
auth_type = any
listen_addr =
listen_port = {PORT}
unix_socket_dir = {folder}
"""


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
