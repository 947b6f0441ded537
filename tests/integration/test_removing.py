"""Messages and notes that are taken back: words and files are gone wherever they were, and their place stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from inbox import events, removing
from inbox.access import Agent
from inbox.events import place
from inbox.services import Services
from inbox.settings import Settings
from jobs import context, feeding
from jobs.context import Context
from jobs.landing import Lander
from responder.outcome import Intent, Reply
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Sit, shown
from tests.integration.test_erasing import SECRET, attach, before, everything, kept, not_waited_for_long
from tests.integration.test_needless import thanked, waits
from tests.locks import until_waiting
from tests.turns import begun

Removal = Callable[[Connection], Any]


@pytest.fixture
def said(house: House, services: Services, settings: Settings) -> tuple[str, Caller, list[int]]:
    """A conversation in which Ben has let a secret slip, in public and in a note, with a file, told to a webhook."""
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    visitor = house.visit("Hello")
    at = f"/conversations/{visitor.conversation_id}"
    ids = []
    for private in (True, False):
        body: dict[str, object] = {"content": f"@Ada {SECRET}", "private": private}
        if private:
            body["attachment_ids"] = [attach(house.ben, at, SECRET.encode())]
        made = house.ben.post(f"{at}/messages", body, headers={"Idempotency-Key": f"k{private}"})
        ids.append(int(made.get_json()["id"]))
    here = context.build(settings)
    feeding.feed(here.engine, hook["id"])
    here.engine.dispose()
    return at, visitor, ids


def test_words_and_files_are_gone(
    house: House, services: Services, settings: Settings, said: tuple[str, Caller, list[int]]
) -> None:
    """From every table and from disk; what stays says that it was removed, to agents and to the visitor."""
    at, visitor, ids = said
    house.ada.patch(at, {"priority": "high"})  # the change log tells the snippet once more
    assert SECRET in everything(services)
    assert kept(settings) == {SECRET.encode()}
    before = house.ben.get(at).get_json()
    for number in ids:
        gone = house.ben.call("DELETE", f"{at}/messages/{number}")
        assert gone.status_code == 200, gone.text
        assert (gone.get_json()["content"], gone.get_json()["removed"]) == ("", True)
        assert gone.get_json()["attachments"] == []
    assert SECRET not in everything(services)
    assert kept(settings) == set()
    after = house.ben.get(at).get_json()
    assert (after["version"] - before["version"], after["epoch"] - before["epoch"]) == (2, 2)
    assert (after["last_message_snippet"], after["last_message_id"]) == ("", before["last_message_id"])
    seen = visitor.get("/widget/messages").get_json()["items"][-1]
    assert (seen["id"], seen["content"], seen["removed"]) == (ids[1], "", True)
    told = [entry["text"] for entry in house.ben.get(f"{at}/timeline").get_json()["items"]]
    assert told[-2:] == ["Ben removed a note", "Ben removed a message"]


def test_it_is_said_once_and_removed_once(house: House, said: tuple[str, Caller, list[int]]) -> None:
    """A repetition of what was sent finds its place, and says nothing again; a second removal changes nothing."""
    at, _, (_, number) = said
    house.ben.call("DELETE", f"{at}/messages/{number}")
    version = house.ben.get(at).get_json()["version"]
    assert house.ben.call("DELETE", f"{at}/messages/{number}").status_code == 200
    body = {"content": f"@Ada {SECRET}", "private": False}
    again = house.ben.post(f"{at}/messages", body, headers={"Idempotency-Key": "kFalse"})
    assert again.status_code == 201
    assert (again.get_json()["id"], again.get_json()["content"]) == (number, "")
    assert house.ben.get(at).get_json()["version"] == version


def test_whose_it_is_to_answer(house: House, services: Services) -> None:
    """What somebody found to need no answer, or was left to people, is so without its words as well."""
    at, visitor = thanked(house)
    house.ben.post(f"{at}/nothing-to-answer")
    with services.reading() as connection:
        left = "UPDATE message SET details = details || '{\"left_to_people\": true}' WHERE content = 'Thanks!'"
        connection.execute(text(left))
    thanks = visitor.get("/widget/messages").get_json()["items"][-1]["id"]
    assert house.ada.call("DELETE", f"{at}/messages/{thanks}").status_code == 200
    house.ben.post(f"{at}/give-back")
    (turn, *_more) = house.ben.get(f"{at}/turns").get_json()["items"]
    house.ben.post(f"{at}/turns/{turn['id']}/stop")
    assert not waits(house, at)
    with services.reading() as connection:
        row = connection.execute(text("SELECT details FROM message WHERE id = :id"), {"id": thanks})
        assert row.scalar_one() == {"removed": True, "left_to_people": True, "needs_no_answer": True}


@pytest.fixture
def unfed(house: House, services: Services) -> tuple[int, Removal]:
    """A webhook that is not told yet of a secret that Ben has let slip, and how Ada takes it back."""
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    number = house.visit("Hello").conversation_id
    slip = house.ben.post(f"/conversations/{number}/messages", {"content": SECRET}).get_json()["id"]
    ada = Agent(house.ada.id, "Ada", "ada@example.com", house.project_id, "manager")
    place(services.database)
    return hook["id"], lambda connection: removing.remove(connection, ada, number, slip)


def test_removed_while_a_webhook_is_fed(services: Services, here: Context, unfed: tuple[int, Removal]) -> None:
    """Between its reading of the log and its writing: it writes nothing, and reads anew at the next look."""
    hook_id, remove = unfed

    def taken_back() -> None:
        with services.transaction() as writing:
            remove(writing.connection)

    with before("INSERT INTO webhook_delivery", taken_back):
        feeding.feed(here.engine, hook_id)
    assert SECRET not in everything(services)
    feeding.feed(here.engine, hook_id)
    assert told_of_its_removal(services)
    assert SECRET not in everything(services)


def test_a_webhook_is_fed_while_one_removes(services: Services, here: Context, unfed: tuple[int, Removal]) -> None:
    """Nothing is told, and nobody waited for, until it is known whether the words are gone."""
    hook_id, remove = unfed
    with services.transaction() as writing:
        remove(writing.connection)
        assert not_waited_for_long(writing.connection)
        feeding.feed(here.engine, hook_id)
        assert not told_of_its_removal(services)
    assert SECRET not in everything(services)
    feeding.feed(here.engine, hook_id)
    assert told_of_its_removal(services)
    assert SECRET not in everything(services)


def test_one_removes_while_a_webhook_is_fed(services: Services, here: Context, unfed: tuple[int, Removal]) -> None:
    """What is written already, but not committed, is waited for, and loses its words."""
    hook_id, remove = unfed

    def taken_back() -> None:
        with services.transaction() as writing:
            remove(writing.connection)

    with services.database.begin() as connection, ThreadPoolExecutor(1) as other:
        hook = connection.execute(feeding.READ, {"webhook": hook_id}).one()
        asked = {"after": hook.position, "project": hook.project_id, "limit": 100}
        changes = connection.execute(feeding.CHANGES, asked).mappings().all()
        told = [one for change in changes for one in feeding.told_of(change)]
        parameters = feeding.parameters_of(hook_id, hook, changes[-1]["position"], told)
        assert connection.execute(feeding.FEED, parameters).scalar_one()
        removing_it = other.submit(taken_back)
        until_waiting(services, 1)
        connection.commit()
        removing_it.result(timeout=60)
    assert SECRET not in everything(services)


def test_streams_wait_for_nothing_that_is_looked_through(
    house: House, services: Services, said: tuple[str, Caller, list[int]]
) -> None:
    at, _, (_, number) = said
    held = text("SELECT id FROM change FOR UPDATE NOWAIT")

    def free() -> None:
        with services.reading() as connection:
            assert connection.execute(held).all()

    with before("UPDATE idempotency_key", free):
        assert house.ben.call("DELETE", f"{at}/messages/{number}").status_code == 200


def told_of_its_removal(services: Services) -> bool:
    """Whether any webhook is to hear of it."""
    with services.reading() as connection:
        kinds = connection.execute(text("SELECT kind FROM webhook_delivery")).scalars().all()
    assert kinds == [] or "message.created" in kinds
    return "message.removed" in kinds


def test_a_note_of_the_ai(house: House, services: Services, settings: Settings) -> None:
    """The timeline, the event log and a webhook were told what it wished to write."""
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    at = f"/conversations/{house.visit('Hello').conversation_id}"
    here = context.build(settings)
    with services.transaction() as writing:
        work = begun(writing.connection, writing.connection.execute(text("SELECT id FROM turn")).scalar_one())
    wish = Intent("add_note", {"content": SECRET})
    Lander(services.database, None).land(work.claimed, work.basis, Reply("Here.", None, (wish,)))
    feeding.feed(here.engine, hook["id"])
    here.engine.dispose()
    (note,) = house.ada.get(f"{at}/notes").get_json()["items"]
    assert SECRET in house.ada.get(f"{at}/timeline").text
    assert house.ada.call("DELETE", f"{at}/messages/{note['id']}").status_code == 200
    assert SECRET not in everything(services)


def test_streams_tell_it_to_whom_they_told_the_message(
    house: House, app: Flask, services: Services, said: tuple[str, Caller, list[int]]
) -> None:
    """Who reads from the oldest event on meets no word of it; the visitor hears of the message, not of the note."""
    at, visitor, ids = said
    for number in ids:
        house.ben.call("DELETE", f"{at}/messages/{number}")
    app.extensions["tandem"].hub.position(house.project_id)
    for who, path, heard in ((house.ada, "/events", 2), (visitor, "/widget/events", 1)):
        answer = Caller(app, who.token).get(path, headers={"Last-Event-ID": "0"}, buffered=False)
        frames = answer.iter_encoded()
        came = b""
        last = f'"message": {{"id": {ids[-1]},'.encode()
        while last not in came.partition(b"event: message.removed")[2]:
            came += next(frames)
        answer.close()
        assert came.count(b"event: message.removed") == heard
        assert SECRET.encode() not in came
        assert came.count(b"event: message.created") == heard + 1


def test_who_may(house: House, other_house: House, said: tuple[str, Caller, list[int]]) -> None:
    """Whoever wrote it, and a manager anything; another project's is missing like none."""
    at, visitor, (note, reply) = said
    asked = house.ben.get(f"{at}/messages").get_json()["items"][0]["id"]
    assert error(house.ben.call("DELETE", f"{at}/messages/{asked}")) == (403, "forbidden")
    for missing in (f"{at}/messages/987654321", f"/conversations/{house.visit('Hi').conversation_id}/messages/{note}"):
        assert error(house.ada.call("DELETE", missing)) == (404, "not_found")
    assert error(other_house.ada.call("DELETE", f"{at}/messages/{reply}")) == (404, "not_found")
    assert house.ada.call("DELETE", f"{at}/messages/{asked}").status_code == 200
    assert house.ada.call("DELETE", f"{at}/messages/{reply}").status_code == 200
    assert [one["content"] for one in visitor.get("/widget/messages").get_json()["items"]] == ["", ""]


def test_a_visitors_message_is_no_agents_whose_number_is_the_visitors(house: House, services: Services) -> None:
    """Visitors and agents are numbered for themselves, each from one on."""
    visitor = house.visit("Hello")
    at = f"/conversations/{visitor.conversation_id}"
    said = visitor.get("/widget/messages").get_json()["items"][0]["id"]
    with services.reading() as connection:
        connection.execute(
            text("UPDATE message SET author_id = :ben WHERE id = :id"), {"ben": house.ben.id, "id": said}
        )
    assert error(house.ben.call("DELETE", f"{at}/messages/{said}")) == (403, "forbidden")


def test_a_parked_reply_is_removed_by_whoever_sent_it(house: House, services: Services, here: Context) -> None:
    """Its words go from the draft as well, where they stood first, and from what a webhook was told of it."""
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    at = f"/conversations/{house.visit('Hello').conversation_id}"
    with services.transaction() as writing:
        work = begun(writing.connection, writing.connection.execute(text("SELECT id FROM turn")).scalar_one())
    house.ada.post(f"{at}/take-over")
    Lander(services.database, None).land(work.claimed, work.basis, Reply(SECRET, None))
    (draft,) = house.ben.get(f"{at}/drafts").get_json()["items"]
    sent = house.ben.post(f"{at}/drafts/{draft['id']}/send").get_json()
    assert (sent["author"], sent["content"]) == ("responder", SECRET)
    feeding.feed(here.engine, hook["id"])
    with services.reading() as connection:
        changes = events.read(connection, 0)
    assert any(b"event: draft.updated" in change.for_agents for change in changes)
    for theirs in (b"draft", b"timeline", b"taken_over"):
        assert not any(theirs in change.for_visitor + change.for_widget for change in changes), theirs
    assert house.ben.call("DELETE", f"{at}/messages/{sent['id']}").status_code == 200
    assert SECRET not in everything(services)


def test_on_the_page(house: House, services: Services, sit: Sit, said: tuple[str, Caller, list[int]]) -> None:
    at, visitor, (note, reply) = said
    ben = sit(house.ben)
    page = ben.open(at)
    asked = visitor.get("/widget/messages").get_json()["items"][0]["id"]
    assert f'data-remove="{reply}"' in page
    assert f'data-remove="{asked}"' not in page
    assert f'data-remove="{asked}"' in sit(house.ada).open(at)
    form = {"csrf_token": ben.forms[f"{at}/say"]["csrf_token"]}
    for number in (note, reply):
        assert ben.client.post(f"{at}/messages/{number}/remove", data=form).status_code == 302
    page = ben.open(at)
    assert SECRET not in page
    assert "Ben removed a note" in shown(page)
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM mention")).scalar_one() == 0
