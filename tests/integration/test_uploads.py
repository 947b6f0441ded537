"""Files on their way: they cost no memory and no connection to the database, and no address sends very many at once."""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import IO, Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import wire
from inbox.api import file_body
from inbox.attachments import MOST_BYTES
from inbox.database import connect, single_statements
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import Folder
from tests.integration.callers import House, error
from tests.integration.test_attachments import PNG, attach, fetch

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.9"}


class Doing(Folder):
    """A folder that does something while it keeps a file."""

    def __init__(self, settings: Settings, meanwhile: Callable[[], Any]) -> None:
        super().__init__(settings.data / "attachments")
        self._meanwhile = meanwhile

    def put(self, place: str, file: IO[bytes], size: int, media_type: str) -> None:
        self._meanwhile()
        super().put(place, file, size, media_type)


def doing(app: Flask, settings: Settings, meanwhile: Callable[[], Any]) -> None:
    app.extensions["tandem"] = replace(app.extensions["tandem"], storage=Doing(settings, meanwhile))


def test_a_file_is_never_in_memory_as_a_whole(house: House) -> None:
    visitor = house.visit()
    attach(visitor, "/widget/attachments", PNG)  # loads what a first file needs
    long = BytesIO(b"x" * MOST_BYTES)
    tracemalloc.start()
    try:
        made = visitor.call(
            "POST", "/widget/attachments", query_string={"name": "a"}, input_stream=long, content_length=MOST_BYTES
        )
        got = visitor.get(made.get_json()["url"].removeprefix("/api/v1"), buffered=False)
        assert sum(len(piece) for piece in got.response) == MOST_BYTES
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES / 4
    finally:
        tracemalloc.stop()


def test_one_byte_too_many_is_found_where_no_length_was_said(house: House) -> None:
    sent = house.visit().call(
        "POST",
        "/widget/attachments?name=a",
        input_stream=BytesIO(b"x" * (MOST_BYTES + 1)),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert error(sent) == (413, "too_large")


def test_a_disk_without_room_for_what_comes_is_told(house: House) -> None:
    visitor = house.visit()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES // 10, before[1]))
    try:
        refused = attach(visitor, "/widget/attachments", b"x" * (MOST_BYTES // 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error(refused) == (503, "unavailable")
    assert attach(visitor, "/widget/attachments", b"x" * (MOST_BYTES // 2)).status_code == 201, "there is room again"


def test_a_slow_storage_holds_no_connection(app: Flask, house: House, settings: Settings, services: Services) -> None:
    only_one = connect(str(settings.database_url), pool_size=1, bounded=True, pool_seconds=0.2)
    visitor = house.visit()
    wire(app, settings, Services(only_one, services.turn_queue))

    def look() -> None:
        with single_statements(only_one).connect(), only_one.begin():
            pass

    doing(app, settings, look)
    for headers in ({}, {"Idempotency-Key": "once"}):
        assert attach(visitor, "/widget/attachments", PNG, headers=headers).status_code == 201
    only_one.dispose()


@pytest.mark.parametrize("rate_limits", [True, False])
def test_one_address_sends_only_so_many_at_once(
    app: Flask, house: House, settings: Settings, monkeypatch: Any, rate_limits: bool
) -> None:
    monkeypatch.setattr(file_body, "AT_ONCE", 3)
    wire(app, replace(settings, rate_limits=rate_limits), app.extensions["tandem"].services)
    visitors = [house.visit() for _ in range(4)]
    answers: list[TestResponse] = []
    elsewhere: list[TestResponse] = []

    def one_more() -> None:
        if visitors:
            answers.append(attach(visitors.pop(), "/widget/attachments", PNG))
            if len(answers) == 1:
                elsewhere.append(attach(house.visit(), "/widget/attachments", PNG, environ_base=ELSEWHERE))

    doing(app, settings, one_more)
    one_more()
    assert [answer.status_code for answer in answers] == [429 if rate_limits else 201, 201, 201, 201]
    assert not rate_limits or int(answers[0].headers["Retry-After"]) >= 1
    assert [answer.status_code for answer in elsewhere] == [201]
    assert attach(house.visit(), "/widget/attachments", PNG).status_code == 201, "they have arrived"


def test_what_is_not_taken_in_is_not_kept(house: House, settings: Settings) -> None:
    visitor = house.visit()
    once = {"Idempotency-Key": "once"}
    first = attach(visitor, "/widget/attachments", PNG, headers=once)
    assert attach(visitor, "/widget/attachments", PNG, headers=once).get_json() == first.get_json()
    assert error(attach(visitor, "/widget/attachments", b"another", headers=once)) == (422, "idempotency_conflict")
    assert error(attach(house.ada, "/conversations/999999/attachments", PNG)) == (404, "not_found")
    assert len([one for one in (settings.data / "attachments").rglob("*") if one.is_file()]) == 1
    assert fetch(visitor, first.get_json()["url"]).data == PNG
