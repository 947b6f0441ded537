"""Files in a bucket of a server that speaks S3: kept, read, forgotten, and not waited for where it does not answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from app import create_app
from inbox import bucket
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import storage_of
from tests.bucket_server import BUCKET, BucketServer, bucket_server
from tests.integration.callers import House, error
from tests.integration.test_attachments import PNG, attach, by_visitor, fetch
from tests.integration.test_counting import came


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BucketServer]:
    with bucket_server(tmp_path / "s3") as running:
        yield running


def with_bucket(settings: Settings, url: str) -> Settings:
    named = replace(settings, s3_url=url, s3_bucket=BUCKET, s3_region="us-east-1")
    return replace(named, s3_access_key="key", s3_secret_key="secret")


def test_from_upload_to_erasure(settings: Settings, services: Services, server: BucketServer) -> None:
    house = House.build(create_app(with_bucket(settings, server.url), services), services)
    visitor = house.visit(name="Leila")
    first, second = by_visitor(visitor), by_visitor(visitor, b"%PDF-1.7\n" + b"x" * 2_000_000, "receipt.pdf")
    ids = [first["id"], second["id"]]
    assert visitor.post("/widget/messages", {"content": "See", "attachment_ids": ids}).status_code == 201
    assert len(server.objects()) == 2
    assert fetch(visitor, first["url"]).data == PNG
    assert len(fetch(visitor, second["url"]).data) == 2_000_009
    found = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()["visitor"]["id"]
    assert house.ada.call("DELETE", f"/visitors/{found}").status_code == 204
    assert server.objects() == []


def test_what_is_not_there(settings: Settings, server: BucketServer) -> None:
    bucket, place = storage_of(with_bucket(settings, server.url)), "x" * 32
    assert bucket.get(place) is None
    bucket.delete(place)
    bucket.put(place, BytesIO(b"Hello"), 5, "text/plain")
    file = bucket.get(place)
    assert file is not None
    assert file.read() == b"Hello"


def test_one_that_never_answers_is_not_waited_for(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection and says nothing: 503, and the visitor's words are said without the file."""
    monkeypatch.setattr(bucket, "READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        house = House.build(create_app(with_bucket(settings, url), services), services)
        visitor = house.visit()
        refused = attach(visitor, "/widget/attachments", PNG)
        assert came(silent) == 2, "once more, and then no more"
    assert error(refused) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) >= 1
    assert visitor.post("/widget/messages", {"content": "Without it, then"}).status_code == 201
