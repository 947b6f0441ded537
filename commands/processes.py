"""The commands that run one part alone: web, worker, migrate, sweep.

Owns how each is started. Must not hold what they do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from commands.lean import lean, quick
from commands.preflight import check_key
from commands.result import database, expect_migrated, give_up, print_result, say, servers
from inbox.database import connect, is_away, why_away
from inbox.migrating import CannotMigrate
from inbox.migrating import migrate as migrate_database
from inbox.secret_key import secret_key
from inbox.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parent.parent


@click.command()
def web() -> None:
    """Serve the inbox, the widget and the API."""
    _expect_ready(servers())
    _become("commands.web", quick(os.environ))


@click.command()
@click.option("--turns", type=click.IntRange(1, 10_000), help="Turns held at once; default TANDEM_TURNS.")
def worker(turns: int | None) -> None:
    """Run turns, and sweep up those that nobody runs."""
    _expect_ready(servers())
    _become("commands.worker", lean(os.environ) | ({"TANDEM_TURNS": str(turns)} if turns else {}))


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = servers(needs_redis=False)
    try:
        migrate_database(str(settings.database_url))
    except CannotMigrate as error:
        give_up(str(error))
    except SQLAlchemyError as error:
        say(str(error.__cause__ or error).strip())
        if is_away(error):
            give_up("The database does not answer. Check DATABASE_URL.")
        give_up("Not migrated; nothing was changed. docs/operating.md says how to restore a backup.")
    print_result({"migrated": True})


@click.command()
def sweep() -> None:
    """Enqueue turns that nobody runs, once."""
    from jobs import context
    from jobs.sweep import sweep as sweep_once

    settings = servers()
    database(settings).dispose()
    try:
        here = context.build(settings)
    except SettingsError as error:
        give_up(str(error))
    print_result({"swept": sweep_once(here)})


def _expect_ready(settings: Settings) -> None:
    """Say what to do where the database lacks a migration, or has another's secrets. One that is away may come yet."""
    if settings.secret_key is None and os.environ.get("DATABASE_URL"):
        say(f"SECRET_KEY is not set, so that it is kept in {settings.data}. Every machine needs the same one.")
    try:
        expect_migrated(settings)
        with connect(str(settings.database_url), pool_size=1).connect() as connection:
            check_key(connection, secret_key(settings))
    except SQLAlchemyError as error:
        say(f"The database does not answer ({why_away(error)}). This starts all the same, and goes on asking.")
    except SettingsError as error:
        give_up(str(error))


def _become(module: str, environment: dict[str, str]) -> None:
    """Replace this process: gevent must patch the standard library before anything else is imported, and a worker has
    no use for the pages, the API and all that building them took, a quarter of its memory.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    os.execve(sys.executable, [sys.executable, "-m", module], environment | {"PYTHONPATH": path})
