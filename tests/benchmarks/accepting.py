"""Accepting a visitor's message against a bare view with one INSERT on the same server.

Ours is authenticated, limited, idempotent, stores message and turn in one statement, and enqueues the turn.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

from inbox import visiting
from tests.benchmarks.measuring import WARM, Operation, Timed, in_turns, many_clients
from tests.benchmarks.serving import Serving, ask, bare, web
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import LEAST, Line, Table

CLIENTS = 4
MESSAGE = {"content": "Where is my order? It should have been here on Tuesday."}


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Requests a second and p99, both in turns."""
    times, rounds = (300, 4) if full else (120, 2)
    with web(stage) as ours, bare(stage, "bare_view") as theirs:
        found = in_turns(
            {
                "bare": partial(_asked, theirs, times, lambda: [""] * times),
                "ours": partial(_asked, ours, times, lambda: _visitors(stage, times)),
            },
            rounds,
        )
    table.add(Line("accepting a message", found["bare"].rate, found["ours"].rate, "1/s", 0.30, LEAST, "a bare INSERT"))
    p99 = [found[name].percentile(99) for name in ("bare", "ours")]
    table.add(Line("accepting a message, p99", p99[0], p99[1], "ms", 2.5, against="a bare INSERT"))


def _asked(serving: Serving, times: int, tokens: Any) -> Timed:
    supplies = [tokens() for _ in range(CLIENTS)]

    def prepare(number: int) -> Iterator[Operation]:
        connection = serving.connection()
        given = supplies[number]
        for token in [given[0]] * WARM + given:
            yield partial(
                ask, connection, "POST", "/api/v1/widget/messages", token, MESSAGE,
                **{"Idempotency-Key": secrets.token_hex(8)},
            )  # fmt: skip

    return many_clients(CLIENTS, times, prepare)


def _visitors(stage: Stage, number: int) -> list[str]:
    """Tokens of so many visitors, each of whom has just come."""
    with stage.engine.begin() as connection:
        return [visiting.start_session(connection, key=stage.project_key, visitor={}).token for _ in range(number)]
