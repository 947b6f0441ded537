"""`flask demo fill`: a project with as many conversations as one likes, to see how it is with many.

Owns how the rows come in: courses and words go up once by COPY, the server makes the conversations of them, batch by
batch. Few come in beside everybody else, each batch one transaction. Very many, more than there are, come in as one
transaction that has the tables for itself, and what would be kept up row by row is built at its end (fill_apart.py).
The rows are as the product would have written them (filling.py); what is older than the change log keeps is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import click
import psycopg
from sqlalchemy import Engine, text
from tqdm import tqdm

from commands.demo import NAME, create_demo
from commands.fill_apart import put_back, set_aside
from commands.fill_sql import BATCHES, COUNTED, EMPTY, FOUND, TABLES
from commands.filling import COURSES, LABELS, STEPS, names, words
from commands.result import PROJECT_ID, database, give_up, print_result, servers
from inbox.conversation import snippet_of

BATCH = 10_000  # conversations in a transaction: long enough to be quick, short enough to be stopped at any time
MANY = 50_000  # from here on it is quicker to build indexes than to keep them up
MANY_BATCH = 50_000  # conversations between two steps of the progress bar
LATELY_DAYS = 14
DAYS = 730


class Batch(NamedTuple):
    """What has come in, or else what is being built."""

    conversations: int
    messages: int
    turns: int
    building: str = ""


def fill(
    connection: psycopg.Connection[Any], project_id: int, conversations: int, *, many: int = MANY
) -> Iterator[Batch]:
    """Fill the project; yields each batch, and from `many` on also what is built after the last."""
    named = {
        "project": project_id, "conversations": conversations, "days": DAYS, "lately": LATELY_DAYS,
        "names": names(), "labels": list(LABELS),
    }  # fmt: skip
    there = connection.execute(SOME, {"most": conversations}).fetchone() or (0,)
    way = _apart if conversations >= many and there[0] < conversations else _beside
    yield from way(connection, named)
    for table in (
        "visitor",
        "conversation",
        "conversation_label",
        "conversation_priority",
        "turn",
        "message",
        "message_search",
        "timeline_event",
    ):
        yield Batch(0, 0, 0, f"statistics of {table}")
        connection.execute(f"VACUUM ANALYZE {table}")


SOME = "SELECT count(*) FROM (SELECT FROM conversation LIMIT %(most)s) AS there"


def _beside(connection: psycopg.Connection[Any], named: dict[str, Any]) -> Iterator[Batch]:
    with connection.transaction():
        _prepare(connection, named)
    for start in range(0, named["conversations"], BATCH):
        with connection.transaction():
            batch = _batch(connection, named, start, BATCH, BATCHES)
        yield batch


def _apart(connection: psycopg.Connection[Any], named: dict[str, Any]) -> Iterator[Batch]:
    with connection.transaction():
        aside = set_aside(connection)
        _prepare(connection, named)
        for start in range(0, named["conversations"], MANY_BATCH):
            yield _batch(connection, named, start, MANY_BATCH, (*BATCHES, FOUND))
        for name in put_back(connection, aside):
            yield Batch(0, 0, 0, name)


def _batch(
    connection: psycopg.Connection[Any], named: dict[str, Any], start: int, most: int, statements: Iterable[str]
) -> Batch:
    now = named | {"batch": min(most, named["conversations"] - start), "start": start}
    connection.execute(EMPTY)
    for statement in statements:
        connection.execute(statement, now if "%(" in statement else None)
    messages, turns = connection.execute(COUNTED).fetchone() or (0, 0)
    return Batch(now["batch"], messages, turns)


def _prepare(connection: psycopg.Connection[Any], named: dict[str, Any]) -> None:
    connection.execute(TABLES.replace("%(project)s", str(named["project"])))
    _copy(connection, "fill_course", _courses())
    _copy(connection, "fill_step", _steps())
    said = ((pool, n, line, snippet_of(line)) for pool, lines in words().items() for n, line in enumerate(lines))
    _copy(connection, "fill_words (pool, place, words, snippet)", said)


def _copy(connection: psycopg.Connection[Any], table: str, rows: Iterable[Sequence[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _courses() -> Iterator[Sequence[Any]]:
    for lately in (False, True):
        low = 0.0
        weights = [course.lately if lately else course.formerly for course in COURSES]
        for number, (course, weight) in enumerate(zip(COURSES, weights, strict=True)):
            high = low + weight / sum(weights)
            yield (
                number, lately, low, 1.1 if number == len(COURSES) - 1 else high, len(course.steps), course.epoch,
                course.status, course.responder_state, course.assigned, course.steps[1] == "answers", course.unread,
            )  # fmt: skip
            low = high


def _steps() -> Iterator[Sequence[Any]]:
    for number, course in enumerate(COURSES):
        at = 0
        for version, step in enumerate(course.steps, 1):
            kind = STEPS[step]
            at += kind.seconds if version > 1 else 0
            takes_over = step == "replies" and "replies" not in course.steps[: version - 1]
            yield number, version, kind.entry, kind.actor, at, kind.author, kind.words, kind.status, takes_over


@click.command("fill")
@click.option("--conversations", type=click.IntRange(1, 100_000_000), default=10_000, show_default=True)
@click.option("--project", "project_id", type=PROJECT_ID, help="Whose they are; default the demo project's.")
def fill_command(conversations: int, project_id: int | None) -> None:
    """Fill a project with conversations; prints {project_id, conversations, messages, turns, seconds}.

    From 50,000 on, and more than there are, they come in as one transaction; the inbox waits for its end.
    """
    engine = database(servers())
    project_id = _project(engine, project_id)
    started, made = time.monotonic(), (0, 0, 0)
    driver = engine.raw_connection()
    connection: Any = driver.driver_connection
    connection.autocommit = True
    with tqdm(total=conversations, unit="conversation") as bar:
        for batch in fill(connection, project_id, conversations):
            made = (made[0] + batch.conversations, made[1] + batch.messages, made[2] + batch.turns)
            bar.update(batch.conversations)
            bar.set_postfix_str(batch.building)
    driver.close()
    counted = ("conversations", "messages", "turns")
    seconds = round(time.monotonic() - started, 1)
    print_result({"project_id": project_id, **dict(zip(counted, made, strict=True)), "seconds": seconds})


def _project(engine: Engine, wanted: int | None) -> int:
    condition = "name = :name" if wanted is None else "id = :id"
    find = text(f"SELECT id FROM project WHERE {condition} ORDER BY id LIMIT 1")
    members = text("SELECT EXISTS (SELECT 1 FROM membership WHERE project_id = :project)")
    with engine.begin() as connection:
        found = connection.execute(find, {"name": NAME} if wanted is None else {"id": wanted}).scalar()
        if found is None and wanted is None:
            return create_demo(connection).project_id
        if found is None:
            give_up(f"There is no project {wanted}.")
        if not connection.execute(members, {"project": found}).scalar_one():
            give_up(f"Project {found} has no agent to answer. Make one: flask agent create EMAIL --project {found}.")
    return int(found)
