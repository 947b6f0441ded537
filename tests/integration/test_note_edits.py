"""Notes that whoever wrote them edits: other words in their place, for all who read, search, are called or are told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from inbox import removing
from inbox.access import Agent
from inbox.services import Services
from jobs import feeding
from jobs.context import Context
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Sit
from tests.integration.test_erasing import SECRET, everything
from tests.locks import until_waiting


@pytest.fixture
def noted(house: House) -> tuple[str, int]:
    """A conversation, and a note of Ben's in it that calls Ada."""
    at = f"/conversations/{house.visit('Hello').conversation_id}"
    made = house.ben.post(f"{at}/messages", {"content": f"@Ada {SECRET}", "private": True})
    return at, int(made.get_json()["id"])


def edit(caller: Caller, noted: tuple[str, int], content: str = "She called twice.") -> object:
    """What a PATCH of the note is answered with: its status, or the note."""
    answered = caller.patch(f"{noted[0]}/messages/{noted[1]}", {"content": content})
    return answered.get_json() if answered.status_code == 200 else error(answered)


def test_other_words_in_its_place(house: House, noted: tuple[str, int]) -> None:
    """For whoever reads, searches or looks at what happened; once, however often it is said."""
    at, number = noted
    before = house.ben.get(at).get_json()
    for _ in range(2):
        edited = edit(house.ben, noted)
        assert isinstance(edited, dict)
        assert (edited["id"], edited["content"], edited["private"]) == (number, "She called twice.", True)
        assert edited["edited_at"] > edited["created_at"]
    (read,) = house.ada.get(f"{at}/notes").get_json()["items"]
    assert read == edited
    found = {q: len(house.ada.get(f"/conversations?q={q}").get_json()["items"]) for q in ("twice", SECRET)}
    assert found == {"twice": 1, SECRET: 0}
    after = house.ben.get(at).get_json()
    assert (after["version"] - before["version"], after["epoch"] - before["epoch"]) == (1, 1)
    assert after["last_message_snippet"] == before["last_message_snippet"]
    assert house.ben.get(f"{at}/timeline").get_json()["items"][-1]["text"] == "Ben edited a note"


def test_who_may(house: House, noted: tuple[str, int]) -> None:
    """Who wrote it, a manager neither; no reply, no visitor's message, and no note that was removed."""
    at, number = noted
    assert edit(house.ada, noted) == (403, "forbidden")
    reply = house.ben.post(f"{at}/messages", {"content": "Hello!"}).get_json()["id"]
    assert edit(house.ben, (at, reply)) == (403, "forbidden")
    assert edit(house.ben, (at, number - 1)) == (403, "forbidden")
    assert edit(house.ben, (at, reply + 1)) == (404, "not_found")
    assert edit(house.ben, (f"/conversations/{house.visit('Hi').conversation_id}", number)) == (404, "not_found")
    assert edit(house.ben, noted, " ") == (422, "invalid")
    house.ben.call("DELETE", f"{at}/messages/{number}")
    assert edit(house.ben, noted) == (422, "invalid")
    assert house.ben.get(f"{at}/notes").get_json()["items"][0]["content"] == ""


def test_who_is_mentioned(house: House, services: Services, noted: tuple[str, int]) -> None:
    """Who is named no more has nothing to look at; who is named still has looked, and is not called again."""
    see = "UPDATE mention SET seen_at = clock_timestamp()"
    with services.reading() as connection:
        connection.execute(text(see))
    edit(house.ben, noted, "@Ada she called.")
    assert mentions(services, noted) == [(house.ada.id, True)]
    edit(house.ben, noted, "She called.")
    assert mentions(services, noted) == []
    edit(house.ben, noted, "@Ada, she called.")
    assert mentions(services, noted) == [(house.ada.id, False)]


def mentions(services: Services, noted: tuple[str, int]) -> list[tuple[int, bool]]:
    """Whom the note calls, and whether they have looked."""
    with services.reading() as connection:
        asked = text("SELECT agent_id, seen_at IS NOT NULL FROM mention WHERE message_id = :id")
        return [(row[0], row[1]) for row in connection.execute(asked, {"id": noted[1]})]


def test_programs_are_told(house: House, services: Services, here: Context, noted: tuple[str, int]) -> None:
    """By an event of its own, never a second message.created; and a removal takes what was told so as well."""
    at, number = noted
    hook = house.ada.post("/webhooks", {"url": "https://example.com"}).get_json()
    edit(house.ben, noted, f"{SECRET}, she said.")
    feeding.feed(here.engine, hook["id"])
    with services.reading() as connection:
        kinds = connection.execute(text("SELECT kind FROM webhook_delivery")).scalars().all()
    assert kinds.count("message.edited") == 1
    assert "message.created" not in kinds
    assert SECRET in everything(services)
    house.ben.call("DELETE", f"{at}/messages/{number}")
    assert SECRET not in everything(services)


def test_a_note_is_removed_meanwhile(house: House, services: Services, noted: tuple[str, int]) -> None:
    """Who edits it waits for whoever removes it, and puts no words into what has none any more."""
    at, number = noted
    ben = Agent(house.ben.id, "Ben", "ben@example.com", house.project_id, "agent")
    with services.transaction() as writing, ThreadPoolExecutor(1) as other:
        removing.remove(writing.connection, ben, int(at.rpartition("/")[2]), number)
        editing = other.submit(edit, house.ben, noted)
        until_waiting(services, 1)
        writing.connection.commit()
        assert editing.result(timeout=60) == (422, "invalid")
    assert house.ben.get(f"{at}/notes").get_json()["items"][0]["removed"]


def test_the_page(sit: Sit, house: House, noted: tuple[str, int]) -> None:
    """With its script and without, what it says of words that it does not take, and whose page has the button."""
    at, number = noted
    ben = sit(house.ben)
    ben.open(at)
    form = {"content": "She called twice.", "csrf_token": next(iter(ben.forms.values()))["csrf_token"]}
    assert ben.client.post(f"{at}/messages/{number}/edit", data=form).status_code == 302
    note = ben.client.get(f"{at}/messages/{number}").text
    assert ("She called twice." in note, "edited" in note, "Edit this note" in note) == (True, True, True)
    assert "Edit this note" not in sit(house.ada).open(f"{at}/messages/{number}")
    refused = ben.client.post(f"{at}/messages/{number}/edit", data={**form, "content": " "})
    assert (refused.status_code, refused.mimetype) == (422, "text/plain")
    assert ben.client.get(f"{at}/messages/{number + 1}").status_code == 404
