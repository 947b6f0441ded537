"""A real worker process: it hears of a commit, takes the job behind the turns, and writes down what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from inbox.settings import Settings
from tests.integration.callers import House
from tests.product import ROOT, wait_for
from tests.receiver import Receiver


@pytest.fixture
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`flask worker` on the test's servers; killed at the end."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "TANDEM_DATA": str(settings.data),
        "SECRET_KEY": str(settings.secret_key),
        "TANDEM_SWEEP_SECONDS": "1",
    }
    process = subprocess.Popen((sys.executable, "-m", "flask", "worker"), cwd=ROOT, env=environment)
    yield process
    process.kill()
    process.wait()


def tries(house: House, webhook_id: int) -> list[dict[str, Any]]:
    """All attempts of all deliveries."""
    log = house.ada.get(f"/webhooks/{webhook_id}/deliveries").get_json()["items"]
    return [tried for delivery in log for tried in delivery["tries"]]


def tried_of(house: House, webhook_id: int) -> int:
    """How many events were tried."""
    log = house.ada.get(f"/webhooks/{webhook_id}/deliveries").get_json()["items"]
    return sum(bool(delivery["tries"]) for delivery in log)


def test_a_worker_delivers_also_after_redis_was_emptied(
    house: House, settings: Settings, worker_process: subprocess.Popen[bytes]
) -> None:
    """The worker's network reaches public addresses only, and the receiver is on this machine: the log says so."""
    with Receiver() as receiver:
        made = house.ada.post("/webhooks", {"url": receiver.url, "events": ["message.created"]}).get_json()
        house.visit("Hello")
        wait_for("the first attempt", lambda: len(tries(house, made["id"])) >= 1)
        Redis.from_url(str(settings.redis_url)).flushall()
        house.visit("Again")
        wait_for("both events' attempts", lambda: tried_of(house, made["id"]) == 2)
        assert {tried["fault"] for tried in tries(house, made["id"])} == {"Not sent: its host has no public address."}
        assert receiver.received == []
    assert worker_process.poll() is None
