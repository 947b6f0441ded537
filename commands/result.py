"""How a command ends: one line of JSON on stdout, or one sentence on stderr and exit 1.

Owns that form. Words and progress go to stderr, so that stdout can be piped.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inbox.conversation import LARGEST_ID
from inbox.database import connect, why_away
from inbox.errors import InboxError
from inbox.migrating import is_behind
from inbox.settings import Settings, SettingsError, found_servers

PROJECT_ID = click.IntRange(1, LARGEST_ID)


def print_result(result: Any) -> None:
    """The result, the last line of stdout."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(words: str) -> None:
    """Words for people."""
    click.echo(words, err=True)


def give_up(sentence: str) -> NoReturn:
    """One clear sentence, exit 1."""
    say(sentence)
    raise SystemExit(1)


def give_up_with(error: InboxError) -> NoReturn:
    """The error's sentence for people, its JSON as the last line of stdout, exit 1."""
    say(error.message)
    print_result({"error": {"code": error.code, "message": error.message, **error.extra}})
    raise SystemExit(1)


def servers(*, needs_redis: bool = True) -> Settings:
    """The settings of this environment with the running servers' addresses; gives up where there are none."""
    try:
        return found_servers(Settings.from_environment(os.environ), needs_redis=needs_redis)
    except SettingsError as error:
        give_up(str(error))


def expect_migrated(settings: Settings) -> None:
    """Give up where the database lacks a migration. Raises SQLAlchemyError where it does not answer."""
    if is_behind(str(settings.database_url)):
        give_up("The database is not yet at the schema of this Tandem. Run `flask migrate` first.")


def database(settings: Settings) -> Engine:
    """An engine of a database that has answered and lacks no migration; gives up where it is not so."""
    try:
        expect_migrated(settings)
        return connect(str(settings.database_url), pool_size=2)
    except SQLAlchemyError as error:
        give_up(
            f"The database does not answer ({why_away(error)}). Check DATABASE_URL, or start Tandem with `make run`."
        )
