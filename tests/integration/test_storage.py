"""Where files are kept, and when they go: never sent, with their project, with a visitor who is erased."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import attachments
from inbox.bucket import Bucket
from inbox.database import single_statements
from inbox.services import Services
from inbox.settings import Settings, SettingsError
from inbox.storage import Folder, storage_of
from tests.integration.callers import House, error
from tests.integration.test_attachments import PNG, SVG, attach, by_visitor, fetch


def test_what_was_never_sent_is_forgotten(app: Flask, house: House, services: Services, settings: Settings) -> None:
    visitor = house.visit()
    kept, lost = by_visitor(visitor), by_visitor(visitor, SVG, "b.svg")
    visitor.post("/widget/messages", {"attachment_ids": [kept["id"]]})
    storage = app.extensions["tandem"].storage
    with services.database.begin() as connection:
        assert attachments.forget_unsent(connection, storage, 100) == 0
        connection.execute(text("UPDATE attachment SET created_at = created_at - interval '25 hours'"))
        assert attachments.forget_unsent(connection, storage, 100) == 1
    assert fetch(visitor, kept["url"]).status_code == 200
    assert error(fetch(visitor, lost["url"])) == (404, "not_found")
    files = [path for path in (settings.data / "attachments").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [PNG]
    assert files[0].stat().st_mode & 0o077 == 0


def test_a_projects_files_go_with_it(house: House, services: Services, settings: Settings) -> None:
    """However its rows go, the bytes are named, and the next sweep deletes them."""
    visitor = house.visit()
    file = by_visitor(visitor)
    visitor.post("/widget/messages", {"content": "Look", "attachment_ids": [file["id"]]})
    by_visitor(visitor, b"never sent", "b.txt")
    kept = [one for one in (settings.data / "attachments").rglob("*") if one.is_file()]
    assert len(kept) == 2
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM project WHERE id = :project"), {"project": house.project_id})
    with single_statements(services.database).connect() as connection:
        assert attachments.delete_left(connection, storage_of(settings), 100) == 2
        assert connection.execute(text("SELECT count(*) FROM forgotten_file")).scalar_one() == 0
    assert [one for one in kept if one.exists()] == []


def test_nothing_that_is_kept_for_a_repetition_names_an_erased_visitors_file(house: House, services: Services) -> None:
    visitor, other = house.visit(name="Leila"), house.visit()
    for who, name in ((visitor, "passport-of-leila.png"), (other, "another.png")):
        once = {"Idempotency-Key": "k"}
        assert attach(who, "/widget/attachments", PNG, name, headers=once).status_code == 201
        path = f"/conversations/{who.conversation_id}/attachments"
        assert attach(house.ada, path, PNG, f"label-{name}", headers=once).status_code == 201
    assert {"passport-of-leila.png", "label-passport-of-leila.png", "another.png"} <= names_kept(services)
    found = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()["visitor"]["id"]
    assert house.ada.call("DELETE", f"/visitors/{found}").status_code == 204
    assert names_kept(services) == {"another.png", "label-another.png"}


def names_kept(services: Services) -> set[str]:
    with services.reading() as connection:
        names = "SELECT body ->> 'name' FROM idempotency_key WHERE body ->> 'name' IS NOT NULL"
        return set(connection.execute(text(names)).scalars())


def test_where_files_are_kept(settings: Settings, tmp_path: Path) -> None:
    assert isinstance(storage_of(settings), Folder)
    bucket = {"URL": "https://s3.example:9000", "BUCKET": "files", "ACCESS_KEY": "a", "SECRET_KEY": "b"}
    named = {f"TANDEM_S3_{name}": value for name, value in bucket.items()}
    assert isinstance(storage_of(Settings.from_environment(named)), Bucket)
    del named["TANDEM_S3_BUCKET"]
    with pytest.raises(SettingsError, match=r"TANDEM_S3_BUCKET is not set\."):
        Settings.from_environment(named)
