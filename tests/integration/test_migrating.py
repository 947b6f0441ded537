"""The schema goes up, down and up again, whoever else is at it, and a database that is kept gets what came later.

A server that is too old, a database of a newer release and a table that is held are told so.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from alembic.script import ScriptDirectory
from click import Command
from click.testing import CliRunner
from sqlalchemy import text

from commands.accounts import project
from commands.processes import migrate as migrate_command
from commands.processes import web
from inbox import migrating
from inbox.database import connect
from inbox.migrating import CannotMigrate, downgrade, is_behind, migrate
from tests.conftest import Servers

TABLES = text(
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
)

LATER = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "later", "{head}", None, None


def upgrade():
    op.execute("ALTER TABLE agent ADD COLUMN pronouns text NOT NULL DEFAULT 'they'")
"""


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    """The address of an empty database."""
    with psycopg.connect(servers.database_url("postgres").replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("CREATE DATABASE emptied")
        yield servers.database_url("emptied")
        admin.execute("DROP DATABASE emptied WITH (FORCE)")


@pytest.fixture
def kept(database_url: str) -> str:
    """The address of a database of this release, with somebody in it."""
    act(database_url, "INSERT INTO agent (email, name, password_hash) VALUES ('ada@example.org', 'Ada', 'x')")
    return database_url


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this process is of the next release, which has one migration more."""
    head = ScriptDirectory(str(migrating.MIGRATIONS)).get_current_head()
    shutil.copytree(migrating.MIGRATIONS, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "later.py").write_text(LATER.format(head=head))
    monkeypatch.setattr(migrating, "MIGRATIONS", tmp_path / "migrations")


def act(url: str, statement: LiteralString) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute(statement)


def asked(url: str, statement: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute(statement).fetchall()


def tables(url: str) -> int:
    engine = connect(url, pool_size=1)
    try:
        with engine.connect() as connection:
            return int(connection.execute(TABLES).scalar_one())
    finally:
        engine.dispose()


def test_up_down_and_up(empty: str) -> None:
    migrate(empty)
    newest = tables(empty)
    assert newest > 10
    downgrade(empty, "base")
    assert tables(empty) == 0
    migrate(empty)
    assert tables(empty) == newest


READ_EACH_TIME = """
SELECT t.tgname, p.proname FROM pg_trigger t
JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname = 'sql'
"""


def test_no_condition_of_a_trigger_is_read_as_sql(kept: str) -> None:
    """The server would read the function's text with each statement, whether or not the trigger has anything to do."""
    assert asked(kept, READ_EACH_TIME) == []


WAITING = """
WITH p AS (INSERT INTO project (name, key) VALUES ('One', 'one') RETURNING id),
v AS (INSERT INTO visitor (project_id) SELECT id FROM p RETURNING id, project_id),
c AS (INSERT INTO conversation (project_id, visitor_id, last_message_id, responder_state, status)
    SELECT project_id, id, place, state, status FROM v, (VALUES
        (1, 'active', 'open'), (2, 'active', 'solved'), (3, 'paused', 'open'), (4, 'active', 'open'),
        (5, 'active', 'pending'), (6, 'handed_off', 'open')) AS listed (place, state, status)
    RETURNING *),
t AS (INSERT INTO turn (project_id, conversation_id) SELECT project_id, id FROM c WHERE last_message_id = 4)
INSERT INTO message (id, project_id, conversation_id, author, content)
SELECT last_message_id, project_id, id, CASE last_message_id WHEN 5 THEN 'responder' ELSE 'visitor' END, '?' FROM c
"""
MARKED = "SELECT last_message_id FROM conversation WHERE left_to_people ORDER BY 1"
WANTED = "SELECT sum(wanted)::int FROM view_count"


def test_who_waits_for_a_person_since_before(empty: str) -> None:
    """Whose last word is the visitor's is marked, and counted, unless it is solved or a turn is at it."""
    migrate(empty, "0002")
    act(empty, WAITING)
    migrate(empty)
    assert asked(empty, MARKED) == [(1,), (3,), (6,)]
    assert asked(empty, WANTED) == [(3,)], "the first, where a person had answered, and what was handed off"
    downgrade(empty, "0005")
    assert asked(empty, WANTED) == [(2,)], "where a person had answered was not looked at"
    downgrade(empty, "0002")
    assert asked(empty, WANTED) == [(1,)]


def test_many_at_once(empty: str) -> None:
    failed: list[BaseException] = []

    def go() -> None:
        try:
            migrate(empty)
        except BaseException as error:
            failed.append(error)

    starting = [threading.Thread(target=go) for _ in range(4)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert not failed
    assert tables(empty) > 10


def test_a_server_that_is_too_old(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST_SERVER", 990_000)
    with pytest.raises(CannotMigrate, match=r"is PostgreSQL 18; Tandem needs 99 or newer\."):
        migrate(empty)
    assert tables(empty) == 0


def test_the_command_says_so(empty: str, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST_SERVER", 990_000)
    for name, value in (("DATABASE_URL", empty), ("REDIS_URL", servers.redis_url)):
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(migrate_command)
    assert told.exit_code == 1
    assert "Tandem needs 99 or newer." in told.output
    assert "Traceback" not in told.output


def test_a_backup_that_was_restored_over_a_newer_schema(
    empty: str, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(empty.replace("+psycopg", "")) as connection:
        connection.execute("CREATE FUNCTION is_wanted(text, boolean) RETURNS boolean LANGUAGE sql RETURN true")
    for name, value in (("DATABASE_URL", empty), ("REDIS_URL", servers.redis_url)):
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(migrate_command)
    assert told.exit_code == 1
    assert "is_wanted" in told.output
    assert "nothing was changed. docs/operating.md says how to restore a backup." in told.output
    assert is_behind(empty)


@pytest.mark.usefixtures("next_release")
def test_a_kept_database_gets_what_came_later(kept: str) -> None:
    assert is_behind(kept)
    migrate(kept)
    assert not is_behind(kept)
    with psycopg.connect(kept.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT name, pronouns FROM agent").fetchall() == [("Ada", "they")]


def test_a_database_of_a_newer_release(kept: str) -> None:
    """Its processes may go on beside newer ones, for an upgrade need not stop them; it has nothing to migrate."""
    act(kept, "UPDATE alembic_version SET version_num = '9999'")
    assert not is_behind(kept)
    with pytest.raises(CannotMigrate, match="of a newer Tandem"):
        migrate(kept)


@pytest.mark.usefixtures("next_release")
def test_a_table_that_is_held_is_not_waited_for_for_long(kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "TABLE_SECONDS", 0.1)
    with psycopg.connect(kept.replace("+psycopg", "")) as reader:
        reader.execute("SELECT FROM agent")
        with pytest.raises(CannotMigrate, match="Nothing was changed; try again"):
            migrate(kept)
    assert is_behind(kept)
    migrate(kept)


@pytest.mark.parametrize(("command", "arguments"), [(web, []), (project, ["create", "Shop"])])
def test_a_part_that_is_newer_than_its_database_does_not_start(
    command: Command, arguments: list[str], empty: str, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DATABASE_URL", empty), ("REDIS_URL", servers.redis_url)):
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(command, arguments)
    assert told.exit_code == 1
    assert "Run `flask migrate` first." in told.output


def test_a_checkout_whose_path_has_a_percent_sign(empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "50%s off"
    shutil.copytree(migrating.MIGRATIONS, folder)
    monkeypatch.setattr(migrating, "MIGRATIONS", folder)
    migrate(empty)
    assert tables(empty) > 10
