"""Real worker processes and real receivers, over TLS too: what is committed arrives, whoever is killed meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text
from standardwebhooks import Webhook

from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import House
from tests.product import ROOT, wait_for
from tests.receiver import Answer, Received, Receiver, certified

Worker = subprocess.Popen[bytes]
Start = Callable[..., Worker]
MACHINE = {"TANDEM_PRIVATE_NETWORKS": "127.0.0.0/8,::1/128"}


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Start]:
    """Starts `flask worker` on the test's servers; each is killed at the end."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(settings.database_url),
        "REDIS_URL": str(settings.redis_url),
        "TANDEM_DATA": str(settings.data),
        "SECRET_KEY": str(settings.secret_key),
        "TANDEM_SWEEP_SECONDS": "1",
    }
    with ExitStack() as ending:

        def start(**more: str) -> Worker:
            command = (sys.executable, "-m", "flask", "worker")
            process = subprocess.Popen(command, cwd=ROOT, env=environment | more)
            ending.callback(process.wait)
            ending.callback(process.kill)
            return process

        yield start


def hook(house: House, receiver: Receiver) -> dict[str, Any]:
    made = house.ada.post("/webhooks", {"url": receiver.url, "events": ["message.created"]})
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def log_of(house: House, webhook_id: int) -> list[dict[str, Any]]:
    """Its deliveries, oldest first."""
    return list(house.ada.get(f"/webhooks/{webhook_id}/deliveries").get_json()["items"][::-1])


def said(one: Received) -> str:
    return str(one.event["data"]["message"]["content"])


def test_a_worker_reaches_nothing_private_unless_told(house: House, settings: Settings, start_worker: Start) -> None:
    """Also after Redis was emptied; the log says why nothing came."""
    worker = start_worker()

    def tried() -> list[dict[str, Any]]:
        return [one["tries"][0] for one in log_of(house, made["id"]) if one["tries"]]

    with Receiver() as receiver:
        made = hook(house, receiver)
        house.visit("Hello")
        wait_for("the first attempt", lambda: len(tried()) == 1)
        Redis.from_url(str(settings.redis_url)).flushall()
        house.visit("Again")
        wait_for("both events' attempts", lambda: len(tried()) == 2)
        assert {one["fault"] for one in tried()} == {"Not sent: its host has no public address."}
        assert receiver.received == []
    assert worker.poll() is None


def test_killed_in_the_middle_of_a_send(house: House, services: Services, start_worker: Start, tmp_path: Path) -> None:
    """Over TLS: the receiver has read the request and has not answered when its sender is killed."""
    tls, trusted = certified(tmp_path)
    environment = {**MACHINE, "SSL_CERT_FILE": str(trusted)}
    killed = threading.Event()

    def answer(one: Received) -> Answer:
        if not killed.is_set() and said(one) == "one":
            killed.wait(30)
        return Answer()

    with Receiver(tls) as receiver:
        receiver.answer = answer
        made = hook(house, receiver)
        worker = start_worker(**environment)
        visitor = house.visit("one")
        receiver.wait(lambda received: len(received) == 1)
        visitor.post("/widget/messages", {"content": "two"})
        worker.kill()
        worker.wait()
        killed.set()
        assert [one["state"] for one in log_of(house, made["id"])][:1] == ["waiting"]
        with services.database.begin() as connection:  # as if the dead one's time were over
            connection.execute(text("UPDATE webhook_delivery SET lease_until = now()"))
            connection.execute(text("UPDATE webhook SET worked_until = now()"))
        start_worker(**environment)
        first, again, last = receiver.wait(lambda received: len(received) == 3)
    assert (said(first), said(again), said(last)) == ("one", "one", "two")
    assert first.id == again.id != last.id
    assert first.body == again.body
    for one in (first, again, last):
        assert Webhook(made["secret"]).verify(one.body, one.headers)
    wait_for("all is marked", lambda: {one["state"] for one in log_of(house, made["id"])} == {"delivered"})


def test_one_that_never_answers_holds_up_no_other(house: House, start_worker: Start) -> None:
    """Its server takes every request and says nothing; meanwhile the other webhook has everything at once."""
    held = threading.Event()

    def hang(_: Received) -> Answer:
        held.wait(30)
        return Answer()

    with Receiver() as silent, Receiver() as well:
        silent.answer = hang
        hook(house, silent)
        hook(house, well)
        start_worker(**MACHINE)
        for number in range(12):
            house.visit(f"Hello {number}")
        assert {said(one) for one in well.wait(lambda received: len(received) == 12)} == {
            f"Hello {number}" for number in range(12)
        }
        assert len(silent.received) <= 8, "one lane for each conversation, at most eight"
        held.set()
