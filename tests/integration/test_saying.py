"""What an agent says on the page: once for each id, not over a colleague's words, and unsent words until then."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from inbox import acts, unsent
from inbox.access import Agent
from inbox.errors import NotFound, StaleClaim
from inbox.services import Services
from tests.background import Background
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit
from tests.people import People


def post(reader: Reader, number: int, form: str, **fields: str) -> TestResponse:
    """Send what the page's script sends."""
    reader.open(f"/conversations/{number}")
    token = reader.forms[f"/conversations/{number}/say"]["csrf_token"]
    return reader.client.post(f"/conversations/{number}/{form}", data={"csrf_token": token, **fields})


def contents(house: House, number: int) -> list[str]:
    return [one["content"] for one in house.ada.get(f"/conversations/{number}/messages").get_json()["items"]]


def newest(house: House, number: int) -> str:
    return str(house.ada.get(f"/conversations/{number}/messages").get_json()["items"][-1]["id"])


def test_said_once_however_often_it_is_sent(house: House, sit: Sit) -> None:
    number = house.visit("Hello").conversation_id
    ben = sit(house.ben)
    message = {"content": "Here I am.\r\n", "kind": "public", "send_id": "one"}
    first = post(ben, number, "say", **message)
    again = post(ben, number, "say", **message)
    assert (first.status_code, again.get_json()) == (201, first.get_json())
    assert contents(house, number).count("Here I am.\n") == 1
    assert post(ben, number, "say", **{**message, "content": "Other"}).status_code == 422
    assert post(ben, number, "say", **{**message, "content": " ", "send_id": "two"}).status_code == 422
    assert contents(house, number) == ["Hello", "Here I am.\n"]


def test_a_colleague_was_faster(house: House, sit: Sit) -> None:
    """Not what the AI, the visitor or a note said meanwhile: only what a colleague told the visitor."""
    visitor = house.visit("Hello")
    number = visitor.conversation_id
    seen = newest(house, number)
    path = f"/conversations/{number}/messages"
    house.ada.post(path, {"content": "A note", "private": True})
    visitor.post("/widget/messages", {"content": "Still there?"})
    ben = sit(house.ben)
    reply = {"kind": "public", "seen_message": seen}
    assert post(ben, number, "say", content="One", send_id="1", **reply).status_code == 201
    assert post(ben, number, "say", content="Two", send_id="2", **reply).status_code == 201, "one's own words count not"
    house.ada.post(path, {"content": "Ada here."})
    lost = post(ben, number, "say", content="Three", send_id="3", **reply)
    assert lost.status_code == 409
    assert lost.get_json()["owner"] == {"id": house.ada.id, "name": "Ada"}
    assert lost.get_json()["at"]
    assert "Three" not in contents(house, number)
    as_note = post(ben, number, "say", content="Three", send_id="4", kind="note", seen_message=seen)
    assert as_note.status_code == 201, "a note stands in nobody's way"
    reply["seen_message"] = newest(house, number)
    assert post(ben, number, "say", content="Three", send_id="3", **reply).status_code == 201, (
        "the refusal kept no answer"
    )


def test_the_last_word_solves_unless_the_visitor_goes_on(house: House, sit: Sit) -> None:
    visitor = house.visit("Hello")
    number = visitor.conversation_id
    ben = sit(house.ben)
    last = {"kind": "public", "then": "solve", "seen_message": newest(house, number)}
    noted = post(ben, number, "say", content="Nearly.", send_id="0", **{**last, "kind": "note"})
    assert "solved" not in noted.get_json(), "a note is nobody's last word"
    solved = post(ben, number, "say", content="Here it is.", send_id="1", **last)
    assert house.ada.get(f"/conversations/{number}").get_json()["status"] == "solved"
    again = post(ben, number, "say", content="Here it is.", send_id="1", **last)
    assert again.get_json() == solved.get_json(), "once, however often it is sent"
    assert post(ben, number, "say", content="Here it is.", send_id="1", **{**last, "then": ""}).status_code == 422
    visitor.post("/widget/messages", {"content": "One more thing"})
    told = post(ben, number, "say", content="Bye.", send_id="2", **last)
    assert (told.status_code, told.get_json()["solved"]) == (201, None)
    assert house.ada.get(f"/conversations/{number}").get_json()["status"] == "open", "nobody who waits is put away"
    token = ben.forms[f"/conversations/{number}/say"]["csrf_token"]
    ben.client.post(f"/bulk/{solved.get_json()['solved']}/undo", data={"csrf_token": token})
    assert house.ada.get(f"/conversations/{number}").get_json()["status"] == "open"


def test_of_two_at_once_one_is_told(people: People) -> None:
    """Both have read the same; whoever comes second is refused, whatever the order of their snapshots."""
    people.visitor_writes()
    seen = people.messages()[-1]["id"]
    ready = threading.Barrier(2)

    def reply(who: Agent) -> str:
        ready.wait()
        try:
            with people.services.statement() as writing:
                acts.reply(writing.connection, who, people.conversation_id, "Mine", seen=seen)
        except StaleClaim:
            return "lost"
        return "sent"

    both = [Background(reply, (who,)) for who in (people.ana, people.ben)]
    assert sorted(one.result() for one in both) == ["lost", "sent"]
    assert len(people.messages()) == 2


@pytest.fixture
def keep(people: People) -> Callable[..., str]:
    """Keeps words, some seconds old; returns what is kept then."""

    def kept(content: str, age: float = 0.0, who: Agent | None = None) -> str:
        with people.services.statement() as writing:
            row = unsent.keep(
                writing.connection, who or people.ben, people.conversation_id, content, "public", age_seconds=age
            )
        return str(row["content"])

    return kept


def test_the_newest_words_win(people: People, keep: Callable[..., str]) -> None:
    assert keep("typed an hour ago", 3600) == "typed an hour ago"
    assert keep("typed now") == "typed now"
    assert keep("typed a minute ago, heard of now", 60) == "typed now"
    assert keep("another agent's", who=people.ana) == "another agent's"
    assert keep("later") == "later"


def test_sent_words_do_not_come_back(people: People, keep: Callable[..., str]) -> None:
    keep("Hello Leila", 1)
    with people.services.statement() as writing:
        unsent.clear(writing.connection, people.ben, people.conversation_id)
    assert keep("Hello Lei", 2) == "", "a report that was on its way when they were sent"
    assert keep("Anything else?") == "Anything else?"


def test_another_projects_conversation(people: People, services: Services) -> None:
    stranger = People.arrive(services).ana
    with services.statement() as writing:
        with pytest.raises(NotFound):
            unsent.keep(writing.connection, stranger, people.conversation_id, "x", "public")
        assert unsent.find(writing.connection, stranger, people.conversation_id) is None


def test_words_follow_their_writer(house: House, sit: Sit) -> None:
    """In another browser they are in the field; once they are sent, nowhere."""
    number = house.visit("Hello").conversation_id
    ben, elsewhere, ada = sit(house.ben), sit(house.ben), sit(house.ada)
    kept = post(ben, number, "unsent", content="Half a <sentence", kind="note", age="0.5", tab="x").get_json()
    assert (kept["content"], kept["kind"]) == ("Half a <sentence", "note")
    say = f"/conversations/{number}/say"
    elsewhere.open(f"/conversations/{number}"), ada.open(f"/conversations/{number}")
    assert elsewhere.forms[say].items() >= {"content": "Half a <sentence", "kind": "note"}.items()
    assert ada.forms[say]["content"] == ""
    for age in ("nan", "-5", "inf", "x", ""):
        assert post(ben, number, "unsent", content="More", kind="x", age=age).status_code == 200
    assert post(ben, number, "unsent", content="x" * 10_001).status_code == 422
    post(ben, number, "say", content="Whole", kind="public", send_id="1")
    elsewhere.open(f"/conversations/{number}")
    assert elsewhere.forms[say]["content"] == ""


def test_looking_is_seen_by_the_others(house: House, sit: Sit) -> None:
    number = house.visit("Hello").conversation_id
    ada, ben = sit(house.ada), sit(house.ben)
    assert post(ada, number, "here", doing="viewing").get_json() == {"people": []}
    assert post(ben, number, "here", doing="typing").get_json()["people"][0] == {
        "id": house.ada.id, "name": "Ada", "doing": "viewing",
    }  # fmt: skip
    assert post(ada, number, "here", doing="viewing").get_json()["people"][0]["doing"] == "typing"
    post(ben, number, "here", doing="left")
    assert post(ada, number, "here", doing="x").get_json() == {"people": []}


def test_seen_is_read(house: House, sit: Sit) -> None:
    number = house.visit("Hello", "Are you there?").conversation_id
    page = sit(house.ben).open(f"/conversations/{number}")
    assert page.index('id="new-line"') < page.index("Hello</p>")
    assert post(sit(house.ben), number, "seen").status_code == 200
    assert house.ada.get(f"/conversations/{number}").get_json()["unread_count"] == 0
    assert 'id="new-line"' not in sit(house.ben).open(f"/conversations/{number}")
