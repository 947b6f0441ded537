"""Web processes under measurement, and the client that asks them: the product's, and a bare view on the same server.

Owns starting them. Must not measure.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from commands.lean import quick
from tests.benchmarks.stage import Stage
from tests.product import ROOT, free_port, wait_for

START_SECONDS = 60


@dataclass(frozen=True)
class Serving:
    """A running web process."""

    port: int
    process: subprocess.Popen[bytes]

    def connection(self) -> http.client.HTTPConnection:
        """A connection that is kept open."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)


def environment(stage: Stage, **more: str) -> dict[str, str]:
    """What a process of the product needs to find the stage."""
    return {
        **os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": stage.url, "REDIS_URL": stage.redis_url,
        "SECRET_KEY": "bench", "TANDEM_SWEEP_SECONDS": "60", **more,
    }  # fmt: skip


@contextmanager
def web(stage: Stage, **more: str) -> Iterator[Serving]:
    """The product's web process. Its limits count as always, and refuse nobody."""
    port = free_port()
    limits = {"TANDEM_RATE_MESSAGES": "100000000/minute", "TANDEM_PORT": str(port)}
    with _process(["-m", "commands.web"], environment(stage, **(limits | more)), port) as serving:
        yield serving


@contextmanager
def bare(stage: Stage, module: str) -> Iterator[Serving]:
    """A baseline of tests/benchmarks as a process: `python -m module PORT`."""
    port = free_port()
    with _process(["-m", f"tests.benchmarks.{module}", str(port)], environment(stage), port) as serving:
        yield serving


@contextmanager
def _process(command: list[str], known: Mapping[str, str], port: int) -> Iterator[Serving]:
    # A baseline as well, so that what is compared is the work.
    started = quick(known)
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=started, stderr=subprocess.DEVNULL)
    serving = Serving(port, process)
    try:
        wait_for(" ".join(command), lambda: _answers(serving), START_SECONDS)
        yield serving
    finally:
        process.kill()
        process.wait()


def _answers(serving: Serving) -> bool:
    connection = serving.connection()
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, token: str, body: Any = None, **headers: str
) -> Any:
    """One request on a connection that is kept open; the JSON answer. AssertionError for a refusal."""
    sent = None if body is None else json.dumps(body)
    known = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    connection.request(method, path, sent, known)
    response = connection.getresponse()
    answer = response.read()
    assert response.status < 300, (response.status, answer)
    return json.loads(answer) if answer else None
