"""Files whose sending breaks off midway: whatever dies, and whenever, no bytes are left for good that no row names."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy import text

from app import create_app, wire
from inbox import attachments
from inbox.database import connect
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import Storage, storage_of
from tests.bucket_server import BucketServer, bucket_server
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.integration.test_attachments import PNG, attach, by_visitor, fetch
from tests.integration.test_buckets import with_bucket
from tests.integration.test_uploads import doing
from tests.product import wait_for
from tests.proxy import Cut, Proxy


class Killing:
    """A storage in whose middle, or behind whose end, the process dies."""

    def __init__(self, storage: Storage, *, midway: bool) -> None:
        self._storage = storage
        self._midway = midway

    def put(self, place: str, file: IO[bytes], size: int, media_type: str) -> None:
        if self._midway:
            file.read = _die  # type: ignore[method-assign]
        self._storage.put(place, file, size, media_type)
        _die()

    def get(self, place: str) -> IO[bytes] | None:
        return self._storage.get(place)

    def delete(self, place: str) -> None:
        self._storage.delete(place)


def _die(*_: object) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def sends(settings: Settings, token: str, midway: bool) -> None:
    """A web process in which a visitor sends a file, and which is killed with it."""
    engine = connect(str(settings.database_url))
    app = create_app(settings, Services(engine, ListQueue(lambda: None)))
    storage = Killing(storage_of(settings), midway=midway)
    app.extensions["tandem"] = replace(app.extensions["tandem"], storage=storage)
    attach(Caller(app, token), "/widget/attachments", PNG)


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[BucketServer]:
    with bucket_server(tmp_path / "s3") as running:
        yield running


def on_disk(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.data / "attachments").rglob("*") if path.is_file())


def swept(services: Services, settings: Settings, *, hours: int) -> int:
    """How many files a sweep so many hours later deletes."""
    with services.reading() as connection:
        later = "UPDATE forgotten_file SET tried_at = tried_at - make_interval(hours => :hours)"
        connection.execute(text(later), {"hours": hours})
        return attachments.delete_left(connection, storage_of(settings), 100)


def killed_while_sending(house: House, settings: Settings, *, midway: bool = False) -> None:
    process = get_context("spawn").Process(target=sends, args=(settings, house.visit().token, midway))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def are_deleted_a_day_later(services: Services, settings: Settings, there: Callable[[], list[str]]) -> None:
    left = there()
    assert len(left) == 1
    assert swept(services, settings, hours=23) == 0
    assert there() == left, "whoever sends it may be at it still"
    assert swept(services, settings, hours=1) == 1
    assert there() == []


@pytest.mark.parametrize("midway", [False, True])
def test_bytes_of_a_killed_process_are_deleted(
    house: House, services: Services, settings: Settings, midway: bool
) -> None:
    killed_while_sending(house, settings, midway=midway)
    are_deleted_a_day_later(services, settings, lambda: on_disk(settings))


def test_objects_of_a_killed_process_are_deleted(
    house: House, services: Services, settings: Settings, bucket: BucketServer
) -> None:
    named = with_bucket(settings, bucket.url)
    killed_while_sending(house, named)
    are_deleted_a_day_later(services, named, bucket.objects)


def at_work(services: Services) -> bool:
    with services.reading() as connection:
        backends = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'behind the proxy'"
        return bool(connection.execute(text(backends)).scalar_one())


@pytest.mark.parametrize("cut", ["after the answer", "at once"])
def test_bytes_whose_answer_was_lost_stay_with_their_row_or_go(
    house: House, services: Services, settings: Settings, cut: Cut
) -> None:
    visitor = house.visit()
    with Proxy(str(settings.database_url)) as proxy:
        behind = connect(proxy.url, application="behind the proxy")
        wire(house.app, settings, Services(behind, services.turn_queue))
        proxy.arm(cut, lambda sent: b"INSERT INTO attachment" in sent)
        assert error(attach(visitor, "/widget/attachments", PNG)) == (503, "unavailable")
        assert proxy.cuts == 1
        behind.dispose()
    assert len(on_disk(settings)) == 1
    wait_for("the server's end of it", lambda: not at_work(services))
    swept(services, settings, hours=24)
    with services.reading() as connection:
        rows = connection.execute(text("SELECT key FROM attachment")).scalars().all()
        assert connection.execute(text("SELECT count(*) FROM forgotten_file")).scalar_one() == 0
    assert on_disk(settings) == sorted(rows)


def test_a_file_that_arrived_is_never_swept(house: House, services: Services, settings: Settings) -> None:
    visitor = house.visit()
    file = by_visitor(visitor)
    assert swept(services, settings, hours=24) == 0
    assert fetch(visitor, file["url"]).data == PNG


def test_a_file_that_took_a_day_has_no_row(house: House, services: Services, settings: Settings) -> None:
    """Its bytes may be deleted at that moment."""
    doing(house.app, settings, lambda: swept(services, settings, hours=24))
    assert error(attach(house.visit(), "/widget/attachments", PNG)) == (503, "unavailable")
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM attachment")).scalar_one() == 0
    assert on_disk(settings) == []
