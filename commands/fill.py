"""`flask demo fill`: a project with as many conversations as one likes, to see how it is with many.

Owns how the rows come in: courses and words go up once by COPY, the server makes the conversations of them, batch by
batch, each batch one transaction. The rows are as the product would have written them (filling.py); what is older than
the change log keeps is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click
import psycopg
from sqlalchemy import Engine, text
from tqdm import tqdm

from commands.demo import NAME, create_demo
from commands.fill_sql import BATCHES, COUNTED, TABLES
from commands.filling import COURSES, LABELS, NAMES, STEPS, words
from commands.result import database, give_up, print_result, servers
from inbox.conversation import snippet_of

BATCH = 10_000  # conversations in a transaction: long enough to be quick, short enough to be stopped at any time
LATELY_DAYS = 14
DAYS = 730


def fill(connection: psycopg.Connection[Any], project_id: int, conversations: int) -> Iterator[tuple[int, int, int]]:
    """Fill the project; yields (conversations, messages, turns) after each batch's commit."""
    named = {
        "project": project_id, "conversations": conversations, "days": DAYS, "lately": LATELY_DAYS,
        "names": list(NAMES), "labels": list(LABELS),
    }  # fmt: skip
    with connection.transaction():
        _prepare(connection, named)
    for start in range(0, conversations, BATCH):
        batch = min(BATCH, conversations - start)
        with connection.transaction():
            for statement in BATCHES:
                now = named | {"batch": batch, "start": start}
                connection.execute(statement, now if "%(" in statement else None)
            messages, turns = connection.execute(COUNTED).fetchone() or (0, 0)
        yield batch, messages, turns
    for table in ("visitor", "conversation", "turn", "message", "timeline_event"):
        connection.execute(f"VACUUM ANALYZE {table}")


def _prepare(connection: psycopg.Connection[Any], named: dict[str, Any]) -> None:
    connection.execute(TABLES.replace("%(project)s", str(named["project"])))
    _copy(connection, "fill_course", _courses())
    _copy(connection, "fill_step", _steps())
    said = ((pool, n, line, snippet_of(line)) for pool, lines in words().items() for n, line in enumerate(lines))
    _copy(connection, "fill_words", said)


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
@click.option("--project", "project_id", type=click.IntRange(1), help="Whose they are; default the demo project's.")
def fill_command(conversations: int, project_id: int | None) -> None:
    """Fill a project with conversations; prints {project_id, conversations, messages, turns, seconds}."""
    engine = database(servers())
    project_id = _project(engine, project_id)
    started, made = time.monotonic(), (0, 0, 0)
    driver = engine.raw_connection()
    connection: Any = driver.driver_connection
    connection.autocommit = True
    with tqdm(total=conversations, unit="conversation") as bar:
        for batch in fill(connection, project_id, conversations):
            made = (made[0] + batch[0], made[1] + batch[1], made[2] + batch[2])
            bar.update(batch[0])
    driver.close()
    names = ("conversations", "messages", "turns")
    seconds = round(time.monotonic() - started, 1)
    print_result({"project_id": project_id, **dict(zip(names, made, strict=True)), "seconds": seconds})


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
