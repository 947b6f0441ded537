"""Accepting a visitor's message against a bare view with one INSERT on the same server.

Ours is authenticated, limited, idempotent, stores message and turn in one statement, and enqueues the turn.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

from inbox import visiting
from tests.benchmarks.measuring import WARM, Operation, Timed, by_processor, in_turns, many_clients
from tests.benchmarks.serving import Serving, ask, bare, web
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import LEAST, Line, Table

CLIENTS = (1, 4, 16)  # who never pause: four keep both processors of a small machine busy all the time
MESSAGE = {"content": "Where is my order? It should have been here on Tuesday."}
BARE = "a bare INSERT"


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Requests a second and p99, by one client and by several, and the time of processors; both in turns."""
    requests, rounds = (2_400, 4) if full else (1_200, 2)
    with web(stage) as ours, bare(stage, "bare_view") as theirs:

        def asked(clients: int) -> dict[str, Timed]:
            times = requests // clients
            return in_turns(
                {
                    "bare": partial(_asked, theirs, clients, times, lambda: [""] * times),
                    "ours": partial(_asked, ours, clients, times, lambda: _visitors(stage, times)),
                },
                rounds,
            )

        found = {clients: asked(clients) for clients in CLIENTS}
        times = requests // 4
        spent = by_processor(
            {
                "bare": _requests(theirs, [""] * (times + 10 * WARM)),
                "ours": _requests(ours, _visitors(stage, times + 10 * WARM)),
            },
            times,
        )
    for clients, timed in found.items():
        _tell(table, "one client" if clients == 1 else f"{clients} clients", timed)
    costs = spent["bare"].p50_ms, spent["ours"].p50_ms
    work = "accepting a message, time of processors, the client's and the servers'"
    table.add(Line(work, costs[0], costs[1], "ms", against=BARE))


def _tell(table: Table, who: str, found: dict[str, Timed]) -> None:
    least, whole = found["bare"], found["ours"]
    table.add(Line(f"accepting a message, {who}", least.rate, whole.rate, "1/s", 0.30, LEAST, BARE))
    p99 = least.percentile(99), whole.percentile(99)
    table.add(Line(f"accepting a message, {who}, p99", p99[0], p99[1], "ms", 2.5, against=BARE))


def _asked(serving: Serving, clients: int, times: int, tokens: Any) -> Timed:
    supplies = [tokens() for _ in range(clients)]

    return many_clients(clients, times, lambda number: _requests(serving, supplies[number]))


def _requests(serving: Serving, tokens: list[str]) -> Iterator[Operation]:
    """The first some times over, to warm up, and each once."""
    connection = serving.connection()
    for token in [tokens[0]] * WARM + tokens:
        yield partial(
            ask, connection, "POST", "/api/v1/widget/messages", token, MESSAGE,
            **{"Idempotency-Key": secrets.token_hex(8)},
        )  # fmt: skip


def _visitors(stage: Stage, number: int) -> list[str]:
    """Tokens of so many visitors, each of whom has just come."""
    with stage.engine.begin() as connection:
        return [visiting.start_session(connection, key=stage.project_key, visitor={}).token for _ in range(number)]
