"""A filled inbox: pages, figures and searches against a look-up by primary key, and how its rows take updates.

Owns the data set: `flask demo fill`, twenty thousand conversations, a million with --full.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from commands.fill import fill
from commands.projects import create_agent
from inbox import acts, counts, list_rows, reading, representation, search, views
from inbox.access import Agent
from inbox.api.paging import encode_cursor
from inbox.database import single_statements
from inbox.listed import Filter
from tests.benchmarks.measuring import FEW, Operation, Timed, by_processor, in_turns, one_client
from tests.benchmarks.serving import ask, web
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import LEAST, Line, Table

PAGE = 50
DEEP = 10_000  # pages
ROUNDS, FEWER = 5, 3
# Words of many messages and of few, two together, a name, and operators. The dearest is of three usual words that no
# message has together.
SEARCHED = {
    "a word of many": "refund", "a usual word": "password", "two words": "exchange rate", "a word of none": "zzzz",
    "a name": "leila", "a word, in one status": "refund status:open", "a visitor by name": "from:haddad",
    "a word of few visitors": 'from:"leila haddad" refund', "a priority of none": "priority:urgent",
    "a label, mine and open": "status:open label:vip assignee:me",
    "three usual words, never together": "account password change",
}  # fmt: skip
# Views in that order: those who wait for a person, and then the others.
LONGEST: tuple[views.ViewKey, ...] = ("all", "unassigned", "wanted")
DEEPEST = text(
    """
SELECT active_at, id FROM conversation WHERE project_id = :project
ORDER BY active_at DESC, id DESC OFFSET :rows LIMIT 1
"""
)
OFFSET = text(
    "SELECT * FROM conversation WHERE project_id = :project ORDER BY active_at DESC, id DESC OFFSET :rows LIMIT 50"
)
ALL = text("SELECT count(*) FROM conversation")
UPDATES = text("SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = :name")
SIZE = text("SELECT pg_total_relation_size('conversation')")


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Fill, look, search, and update."""
    conversations = 1_000_000 if full else 20_000
    with stage.engine.begin() as connection:
        made = create_agent(connection, "ana@bench.example", project_id=stage.project_id)
    agent = Agent(made.id, "Ana", "ana@bench.example", stage.project_id, "agent")
    rate = _filled(stage, conversations)
    table.add(Line("filling an inbox with conversations / 1,000 a second", 1000, rate, "1/s", 1, LEAST))
    with single_statements(stage.engine).connect() as connection:
        rounds = ROUNDS if full else FEWER
        _looks(connection, table, stage.project_id, agent, rounds)
        _over_http(stage, table, made.token, rounds)
        _updates(connection, table, agent)


def _filled(stage: Stage, conversations: int) -> float:
    raw = stage.engine.raw_connection()
    driver: Any = raw.driver_connection
    driver.autocommit = True
    started = time.monotonic()
    for _ in fill(driver, stage.project_id, conversations, many=1):
        pass
    raw.close()
    return conversations / (time.monotonic() - started)


def _looks(connection: Connection, table: Table, project: int, agent: Agent, rounds: int) -> None:
    conversations = int(connection.execute(ALL).scalar_one())
    pages = min(DEEP, conversations * 9 // 10 // PAGE)
    rows = {"project": project, "rows": pages * PAGE}
    deepest = connection.execute(DEEPEST, rows).one()
    first, deep = Filter(limit=PAGE), Filter(limit=PAGE, before=(deepest.active_at.isoformat(), deepest.id))
    of = partial(list_rows.shown, connection, project)
    views_of = {view.key: views.filter_of(view, agent) for view in views.VIEWS}
    searches = {**SEARCHED, "an order's number": _an_order(connection, project)}
    looks: dict[str, Callable[[], object]] = {
        "key": lambda: reading.conversation(connection, project, deepest.id),
        "first": lambda: of(first),
        "deep": lambda: of(deep),
        "api": lambda: list_rows.whole(connection, project, first),
        "kept": lambda: counts.kept(connection, project, agent.id),
        **{f"view {key}": partial(of, replace(wanted, limit=PAGE)) for key, wanted in views_of.items()},
        **{
            f"view {key}, longest wait first": partial(of, replace(views_of[key], limit=PAGE, sort="waiting"))
            for key in LONGEST
        },
        **{f"? {name}": partial(of, _typed(first, agent, words)) for name, words in searches.items()},
    }
    scans: dict[str, Callable[[], object]] = {
        "offset": lambda: connection.execute(OFFSET, rows).all(),
        "counted": lambda: counts.counted(connection, project, agent.id),
    }
    found = _by_turns(looks, rounds) | _by_turns(scans, 3, 1)
    p50 = {name: timed.p50_ms for name, timed in found.items()}
    size = f"{conversations:,} conversations"
    slowest = max((name for name in p50 if name.startswith("view ")), key=lambda name: p50[name])
    pages_of = {"first": "all", "view unassigned": "nobody's", "view mine": "mine", slowest: f"the slowest {slowest}"}
    for name, page in pages_of.items():
        table.add(Line(f"a page of {size}, {page} / one by its primary key", p50["key"], p50[name], "ms", 2.0))
    table.add(Line("… as the API tells it / one by its primary key", p50["key"], p50["api"], "ms", 2.0))
    spent = by_processor({name: _again(looks[name]) for name in ("key", slowest)}, FEW * 10)
    costs = [spent[name].p50_ms for name in ("key", slowest)]
    table.add(Line("… time of processors, the slowest / one by its primary key", costs[0], costs[1], "ms"))
    table.add(Line(f"page {pages:,} / the first page", p50["first"], p50["deep"], "ms", 1.3))
    table.add(Line("… with OFFSET / the first page", p50["first"], p50["offset"], "ms"))
    table.add(Line("the views' figures, kept / counted", p50["counted"], p50["kept"], "ms", 0.1))
    for name in searches:
        table.add(Line(f"search for {name} / one by its primary key", p50["key"], p50[f"? {name}"], "ms", 25))
    middle = Timed(tuple(one for name in searches for one in found[f"? {name}"].seconds), 0).p50_ms
    table.add(Line("search, p50 of all of these / one by its primary key", p50["key"], middle, "ms", 25))


def _typed(first: Filter, agent: Agent, words: str) -> Filter:
    return replace(first, search=search.parse(words), who=agent.id)


def _over_http(stage: Stage, table: Table, token: str, rounds: int) -> None:
    """The API's pages as a program asks for them, sign-in and limits and JSON and all."""
    with stage.engine.connect() as connection:
        deepest = connection.execute(DEEPEST, {"project": stage.project_id, "rows": PAGE * 200}).one()
    cursor = encode_cursor(representation.moment(deepest.active_at), deepest.id)
    with web(stage, TANDEM_RATE_LIMITS="off") as serving:
        client = serving.connection()
        paths = {"key": f"/{deepest.id}", "first": "", "deep": f"?cursor={cursor}", "search": "?q=refund"}
        asks = {
            name: partial(ask, client, "GET", f"/api/v1/conversations{path}", token) for name, path in paths.items()
        }
        found = _by_turns(asks, rounds)
    p50 = {name: timed.p50_ms for name, timed in found.items()}
    table.add(Line("over HTTP: a deep page / the first page", p50["first"], p50["deep"], "ms", 1.3))
    table.add(Line("over HTTP: the first page / one by its primary key", p50["key"], p50["first"], "ms"))
    table.add(Line("over HTTP: a search / one by its primary key", p50["key"], p50["search"], "ms", 25))


def _by_turns(looks: Mapping[str, Callable[[], object]], rounds: int, times: int = 20) -> dict[str, Timed]:
    ways = {name: _again(look) for name, look in looks.items()}
    return in_turns({name: partial(one_client, way, times) for name, way in ways.items()}, rounds)


def _again(look: Callable[[], object]) -> Iterator[Operation]:
    while True:
        yield look


def _an_order(connection: Connection, project: int) -> str:
    statement = text("SELECT content FROM message WHERE project_id = :project AND content LIKE '%My order is%' LIMIT 1")
    return str(connection.execute(statement, {"project": project}).scalar_one()).rpartition(" ")[2].rstrip(".")


def _updates(connection: Connection, table: Table, agent: Agent) -> None:
    """How many updates of a conversation stay on its page and touch no index (HOT), and what many of them leave."""
    listed = list_rows.shown(connection, agent.project_id, Filter(limit=200))
    before, size = _counted(connection), connection.execute(SIZE).scalar_one()
    for number in range(10):
        for row in listed:
            _touch(connection, agent, row.id, number)
    after = _counted(connection)
    done = after.all - before.all
    hot = after.hot - before.hot
    table.add(Line("updates that touch no index (priority, labels) / all", done, hot, "rows", 0.9, LEAST))
    grown = connection.execute(SIZE).scalar_one()
    mib = 2**20
    table.add(Line(f"conversations on disk after {done:,} of them / before", size / mib, grown / mib, "MiB"))


def _touch(connection: Connection, agent: Agent, conversation_id: int, number: int) -> None:
    changes = {"priority": ["low", "high"][number % 2]} if number % 3 else {"labels": [f"round-{number}"]}
    acts.patch(connection, agent, conversation_id, changes)


def _counted(connection: Connection) -> Any:
    connection.execute(text("SELECT pg_stat_force_next_flush()"))
    connection.execute(text("SELECT 1"))
    return connection.execute(UPDATES, {"name": "conversation"}).one()
