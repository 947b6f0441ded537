"""The commands that run one part alone: web, worker, migrate, sweep.

Owns how each is started. Must not hold what they do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from commands.lean import lean
from commands.result import database, give_up, print_result, say, servers
from inbox.migrating import WrongServer
from inbox.migrating import migrate as migrate_database

ROOT = Path(__file__).resolve().parent.parent


@click.command()
def web() -> None:
    """Serve the inbox, the widget and the API."""
    servers()
    _become("commands.web", dict(os.environ))


@click.command()
@click.option("--turns", type=click.IntRange(1, 10_000), help="Turns held at once; default TANDEM_TURNS.")
def worker(turns: int | None) -> None:
    """Run turns, and sweep up those that nobody runs."""
    servers()
    _become("commands.worker", lean(os.environ) | ({"TANDEM_TURNS": str(turns)} if turns else {}))


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    settings = servers()
    try:
        migrate_database(str(settings.database_url))
    except WrongServer as error:
        give_up(str(error))
    except SQLAlchemyError as error:
        say(str(error.__cause__ or error))
        give_up("The database does not answer or could not be migrated. Check DATABASE_URL.")
    print_result({"migrated": True})


@click.command()
def sweep() -> None:
    """Enqueue turns that nobody runs, once."""
    from jobs import context
    from jobs.sweep import sweep as sweep_once

    settings = servers()
    database(settings).dispose()
    print_result({"swept": sweep_once(context.build(settings))})


def _become(module: str, environment: dict[str, str]) -> None:
    """Replace this process: gevent must patch the standard library before anything else is imported, and a worker has
    no use for the pages, the API and all that building them took, a quarter of its memory.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    os.execve(sys.executable, [sys.executable, "-m", module], environment | {"PYTHONPATH": path})
