"""Visitors who are erased: every word and every file of theirs is gone, and who looks on begins anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event, text

from inbox import attachments, visitors
from inbox.access import Agent
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import Folder
from jobs import context, feeding
from jobs.sweep import sweep
from tests.integration.callers import Caller, House, error, known
from tests.integration.reader import Sit
from tests.locks import until_waiting

SECRET = "Zanzibar"
ALL = {b"theirs", b"to them", b"not sent", b"another's"}


def test_erased_with_every_word(house: House, services: Services, settings: Settings) -> None:
    """Whatever was said, in whichever table, is gone; what belongs to others stays."""
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    visitor = house.visit(SECRET, name=SECRET, email=f"{SECRET}@example.com")
    at = visitor.conversation_id
    visitor.post("/widget/messages", {"content": SECRET}, headers={"Idempotency-Key": "k"})
    for private in (True, False):
        body = {"content": SECRET, "private": private}
        house.ben.post(f"/conversations/{at}/messages", body, headers={"Idempotency-Key": f"k{private}"})
    house.ben.patch(f"/conversations/{at}", {"labels": [SECRET], "custom_attributes": {"x": SECRET}})
    other = house.visit("Stays").conversation_id
    here = context.build(settings)
    feeding.feed(here.engine, hook["id"])
    here.engine.dispose()
    assert SECRET in everything(services)
    (one,) = known(house, q=SECRET)
    assert error(house.ben.call("DELETE", f"/visitors/{one['id']}")) == (403, "forbidden")
    assert house.ada.call("DELETE", f"/visitors/{one['id']}").status_code == 204
    assert SECRET not in everything(services)
    assert error(house.ada.get(f"/conversations/{at}")) == (404, "not_found")
    assert error(visitor.get("/widget/messages")) == (401, "unauthorized")
    assert error(house.ada.call("DELETE", f"/visitors/{one['id']}")) == (404, "not_found")
    assert house.ada.get(f"/conversations/{other}").status_code == 200
    with services.reading() as connection:
        entry = connection.execute(text("SELECT * FROM audit_entry WHERE kind = 'visitor_erased'")).one()
    assert (entry.subject, entry.data) == (f"visitor {one['id']}", {"conversations": 1})


def attach(who: Caller, path: str, data: bytes) -> int:
    """A file that waits to be sent."""
    made = who.call("POST", f"{path}/attachments?name=a.txt", data=data, content_type="application/octet-stream")
    assert made.status_code == 201, made.text
    return int(made.get_json()["id"])


def with_files(house: House) -> int:
    """A visitor to be erased, with files from both sides, sent and unsent, beside another who has one; their id."""
    visitor, other = house.visit(SECRET, name=SECRET), house.visit("Stays")
    conversation = f"/conversations/{visitor.conversation_id}"
    visitor.post("/widget/messages", {"attachment_ids": [attach(visitor, "/widget", b"theirs")]})
    house.ben.post(f"{conversation}/messages", {"attachment_ids": [attach(house.ben, conversation, b"to them")]})
    attach(visitor, "/widget", b"not sent")
    other.post("/widget/messages", {"attachment_ids": [attach(other, "/widget", b"another's")]})
    return int(known(house, q=SECRET)[0]["id"])


def kept(settings: Settings) -> set[bytes]:
    """The bytes of all files on disk."""
    return {path.read_bytes() for path in (settings.data / "attachments").rglob("*") if path.is_file()}


def test_erased_with_every_file(house: House, services: Services, settings: Settings) -> None:
    number = with_files(house)
    assert kept(settings) == ALL
    assert error(house.ben.call("DELETE", f"/visitors/{number}")) == (403, "forbidden")
    assert kept(settings) == ALL
    assert house.ada.call("DELETE", f"/visitors/{number}").status_code == 204
    assert kept(settings) == {b"another's"}
    assert waiting(services) == 0


def test_an_erasure_that_is_not_committed_loses_no_file(house: House, services: Services, settings: Settings) -> None:
    number = with_files(house)
    who = Agent(house.ada.id, "Ada", "", house.project_id, "manager")
    with services.database.connect() as connection:
        assert len(visitors.erase(connection, who, number).files) == 3
        assert not_waited_for_long(connection)
        connection.rollback()
    assert kept(settings) == ALL
    assert waiting(services) == 0


def test_files_that_could_not_be_deleted_are_tried_again(house: House, services: Services, settings: Settings) -> None:
    """The erasure stands, and a later sweep deletes what is left."""
    number = with_files(house)
    folder = settings.data / "attachments"
    away = folder.rename(folder.with_name("away"))
    folder.write_text("no folder")
    assert house.ada.call("DELETE", f"/visitors/{number}").status_code == 204
    assert waiting(services) == 3
    folder.unlink()
    away.rename(folder)
    assert kept(settings) == ALL
    here = context.build(settings)
    sweep(here)
    here.engine.dispose()
    assert kept(settings) == {b"another's"}
    assert waiting(services) == 0


def test_a_file_that_never_can_be_deleted_holds_up_no_other(
    house: House, services: Services, settings: Settings
) -> None:
    number = with_files(house)
    (path,) = (
        one for one in (settings.data / "attachments").rglob("*") if one.is_file() and b"theirs" in one.read_bytes()
    )
    path.unlink()
    path.mkdir()
    assert house.ada.call("DELETE", f"/visitors/{number}").status_code == 204
    with services.reading() as connection:
        for _ in range(2):
            attachments.delete_left(connection, Folder(settings.data / "attachments"), 100)
        assert connection.execute(text("SELECT key FROM forgotten_file")).scalars().all() == [path.name]
    assert kept(settings) == {b"another's"}


def not_waited_for_long(connection: Connection) -> bool:
    """Whether the server ends this transaction by itself, once its process stalls: event streams wait for it."""
    return bool(connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "5s")


@contextmanager
def before(words: str, act: Callable[[], Any]) -> Iterator[None]:
    """Do the act once, when a statement with these words is about to be sent."""
    left = [act]

    def sent(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if words in statement and left:
            left.pop()()

    event.listen(Engine, "before_cursor_execute", sent)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", sent)
    assert not left


def test_streams_wait_for_nothing_that_is_read(house: House, services: Services) -> None:
    """Both logs are read through before anything is deleted from the one whose changes all streams wait for."""
    house.visit(SECRET, name=SECRET)
    (one,) = known(house, q=SECRET)
    held = text("SELECT id FROM change WHERE position IS NULL FOR UPDATE NOWAIT")

    def free() -> None:
        with services.reading() as connection:
            assert connection.execute(held).all()

    with before("DELETE FROM idempotency_key", free):
        assert house.ada.call("DELETE", f"/visitors/{one['id']}").status_code == 204
    assert SECRET not in everything(services)


@pytest.mark.parametrize("when", ["SELECT clock_timestamp() AS begun", "set_config('idle_in_transaction"])
def test_what_is_said_while_the_log_is_read_is_erased_as_well(house: House, services: Services, when: str) -> None:
    visitor = house.visit("Hello", name=SECRET)
    (one,) = known(house, q=SECRET)
    with before(when, lambda: visitor.post("/widget/messages", {"content": SECRET})):
        assert house.ada.call("DELETE", f"/visitors/{one['id']}").status_code == 204
    assert SECRET not in everything(services)


def waiting(services: Services) -> int:
    """How many forgotten files have bytes still."""
    with services.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM forgotten_file")).scalar_one())


def everything(services: Services) -> str:
    """Every row of every table, as text."""
    with services.reading() as connection:
        tables = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = connection.execute(tables).scalars().all()
        rows = [connection.execute(text(f"SELECT to_jsonb(t)::text FROM {name} t")).scalars().all() for name in names]
    assert len(names) > 20
    return "\n".join(row for found in rows for row in found)


def test_a_stream_that_stood_at_an_erased_event_begins_anew(house: House, app: Flask, services: Services) -> None:
    """Its last event is gone: it is told to read the state anew, not that the event was never issued."""
    house.visit("Stays")
    house.visit(SECRET, name=SECRET)
    house.visit("After")
    hub = app.extensions["tandem"].hub
    hub.position(house.project_id)
    (one,) = known(house, q=SECRET)
    with services.reading() as connection:
        last = (
            "SELECT max(position) FROM change ch JOIN conversation c ON c.id = conversation_id WHERE visitor_id = :id"
        )
        position = connection.execute(text(last), {"id": one["id"]}).scalar_one()
    house.ada.call("DELETE", f"/visitors/{one['id']}")
    answer = Caller(app, house.ada.token).get("/events", headers={"Last-Event-ID": f"{position}.0"}, buffered=False)
    frames = answer.iter_encoded()
    assert [next(frames), next(frames)] == [b": welcome\n\n", b'event: reset\ndata: {"type": "reset"}\n\n']
    answer.close()


def test_a_manager_erases_on_the_page_and_says_so_first(house: House, sit: Sit) -> None:
    number = house.visit("My secret address").conversation_id
    page, erase = f"/conversations/{number}", f"/conversations/{number}/visitor/erase"
    assert erase not in sit(house.ben).open(page), "who may not is not offered it"
    ada = sit(house.ada)
    ada.open(page)
    assert ada.send(page, to=erase).status_code == 422
    assert house.ada.get(page).status_code == 200
    ada.open(page)
    ada.send(page, {"sure": "yes"}, to=erase)
    assert house.ada.get(page).status_code == 404
    assert "is erased, with every word and file." in ada.open("/")
    assert house.ada.get("/audit").get_json()["items"][0]["kind"] == "visitor_erased"


def test_words_that_are_kept_while_the_visitor_is_erased_have_no_place(
    house: House, services: Services, sit: Sit
) -> None:
    visitor = house.visit("Hello", name=SECRET)
    (one,) = known(house, q=SECRET)
    ben, at = sit(house.ben), f"/conversations/{visitor.conversation_id}"
    ben.open(at)
    ada = Agent(house.ada.id, "Ada", "ada@example.com", house.project_id, "manager")
    form = {"csrf_token": ben.forms[f"{at}/say"]["csrf_token"], "content": "I was about to say", "kind": "public"}
    with ThreadPoolExecutor(1) as other, services.transaction() as writing:
        visitors.erase(writing.connection, ada, one["id"])
        keeping = other.submit(ben.client.post, f"{at}/unsent", data=form)
        until_waiting(services, 1)
        writing.connection.commit()
        assert keeping.result(timeout=60).status_code == 404


def test_a_file_that_comes_while_its_sender_is_erased_has_no_place(
    house: House, services: Services, settings: Settings
) -> None:
    visitor = house.visit("Hello", name=SECRET)
    (one,) = known(house, q=SECRET)
    ada = Agent(house.ada.id, "Ada", "ada@example.com", house.project_id, "manager")
    with ThreadPoolExecutor(1) as other, services.transaction() as writing:
        visitors.erase(writing.connection, ada, one["id"])
        coming = other.submit(visitor.call, "POST", "/widget/attachments?name=a.txt", data=b"too late")
        until_waiting(services, 1)
        writing.connection.commit()
        assert error(coming.result(timeout=60)) == (404, "not_found")
    assert [path for path in (settings.data / "attachments").rglob("*") if path.is_file()] == []
