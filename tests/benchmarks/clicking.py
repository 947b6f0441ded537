"""From click to screen: what Tandem adds to the model, from a visitor's POST to the reply in the agent's open page.

Owns the breakdown. The model answers at once, so what is left is Tandem's.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from rq import Worker
from sqlalchemy import text

from commands.projects import create_agent
from inbox import visiting
from inbox.redis import redis_client
from tests.benchmarks.serving import Serving, ask, environment, web
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table
from tests.product import ROOT, free_port, wait_for

SECONDS = 30.0
TURN = text("SELECT claimed_at, ended_at, model_ms, window_ms FROM turn WHERE conversation_id = :conversation")


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Messages of new visitors, one after the other, each followed to the agent's stream."""
    times = 200 if full else 40
    with stage.engine.begin() as connection:
        agent = create_agent(connection, "ana@bench.example", project_id=stage.project_id)
    with web(stage) as serving, _worker(stage):
        watching = Watching(serving, agent.token)
        parts = [_one(stage, serving, watching, agent.token) for _ in range(times + 3)][3:]
    totals = sorted(sum(one.values()) for one in parts)
    p99 = totals[int(len(totals) * 0.99)]
    median = statistics.median(totals)
    table.add(Line("from a visitor's POST to the agent's open page, model apart / 30 ms", 30, median, "ms", 1.0))
    table.add(Line("… p99 / 100 ms", 100, p99, "ms", 1.0))
    for name in parts[0]:
        table.add(Line(f"… of it: {name} / all", median, statistics.median(one[name] for one in parts), "ms"))


def _one(stage: Stage, serving: Serving, watching: Watching, token: str) -> dict[str, float]:
    with stage.engine.begin() as connection:
        session = visiting.start_session(connection, key=stage.project_key, visitor={})
    connection_to = serving.connection()
    started = time.time()
    ask(connection_to, "POST", "/api/v1/widget/messages", session.token, {"content": "Where is my order?"})
    accepted = time.time()
    seen = watching.reply_in(session.conversation_id)
    rendering = time.perf_counter()
    ask(connection_to, "GET", f"/api/v1/conversations/{session.conversation_id}/messages", token)
    rendered = (time.perf_counter() - rendering) * 1000
    with stage.engine.connect() as connection:
        turn = connection.execute(TURN, {"conversation": session.conversation_id}).one()
    claimed, ended = (moment.timestamp() for moment in (turn.claimed_at, turn.ended_at))
    return {
        "accept": (accepted - started) * 1000,
        "queue and claim": max(0.0, claimed - accepted) * 1000,
        "read, decide": max(0.0, (ended - claimed) * 1000 - turn.model_ms - turn.window_ms),
        "land": turn.window_ms,
        "publish": max(0.0, seen - ended) * 1000,
        "read again for the page": rendered,
    }


class Watching:
    """An agent's open event stream; knows when each conversation's reply came."""

    def __init__(self, serving: Serving, token: str) -> None:
        connection = serving.connection()
        connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
        self._response = connection.getresponse()
        self._came: dict[int, float] = {}
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def reply_in(self, conversation_id: int) -> float:
        """When the responder's reply came; waits for it."""
        with self._changed:
            assert self._changed.wait_for(lambda: conversation_id in self._came, SECONDS), "no reply came"
            return self._came[conversation_id]

    def _read(self) -> None:
        while line := self._response.readline():
            if line.startswith(b"data: ") and b'"message.created"' in line:
                event: dict[str, Any] = json.loads(line[6:])
                if event["message"]["author"] == "responder":
                    with self._changed:
                        self._came[event["conversation_id"]] = time.time()
                        self._changed.notify_all()


@contextmanager
def _worker(stage: Stage) -> Iterator[None]:
    port = free_port()
    model = [sys.executable, "-m", "tests.benchmarks.slow_model", str(port), "0"]
    known = environment(stage, OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1")
    with ExitStack() as running:
        for command in (model, [sys.executable, "-m", "commands.worker"]):
            quiet = subprocess.DEVNULL
            process = subprocess.Popen(command, cwd=ROOT, env=known, stdout=quiet, stderr=quiet)
            running.callback(process.wait)
            running.callback(process.kill)
        wait_for("the worker", lambda: len(Worker.all(connection=redis_client(stage.redis_url))) == 1)
        yield
