"""The longest wait first: since when somebody waits for a person, and the order of lists and saved views by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import drafts, list_rows, person_asked, representation
from inbox.listed import Filter
from inbox.services import Services
from jobs import turn
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader
from tests.people import People


@pytest.fixture
def alone(house: House) -> House:
    """A house whose responder is off: people answer."""
    house.ada.patch("/project", {"responder_enabled": False})
    return house


def listed(house: House, path: str = "/conversations", **query: Any) -> list[int]:
    """A list's conversations, asked for one by one."""
    found: list[int] = []
    page = house.ada.get(path, query_string={"limit": 1, **query}).get_json()
    while True:
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        more = {"limit": 1, **query, "cursor": page["next_cursor"]}
        page = house.ada.get(path, query_string=more).get_json()


def at(*visitors: Caller) -> list[int]:
    return [one.conversation_id for one in visitors]


def says(visitor: Caller) -> None:
    assert visitor.post("/widget/messages", {"content": "Hello?"}).status_code == 201


def reply(house: House, visitor: Caller) -> None:
    answer = house.ada.post(f"/conversations/{visitor.conversation_id}/messages", {"content": "Here."})
    assert answer.status_code == 201


def test_who_waited_longest_is_first_and_who_does_not_wait_behind(alone: House) -> None:
    first, second, answered, third = (alone.visit("Hello") for _ in range(4))
    reply(alone, answered)
    says(first)
    assert listed(alone, sort="waiting") == at(first, second, third, answered), "writing again sends nobody back"
    assert listed(alone, sort="newest") == listed(alone) == at(first, answered, third, second)
    line = alone.ada.get("/conversations?sort=waiting").get_json()["items"]
    assert [one["waiting_since"] for one in line[:3]] == sorted(one["waiting_since"] for one in line[:3])
    assert line[3]["waiting_since"] is None
    assert alone.ada.get(f"/conversations/{first.conversation_id}").get_json() == line[0]
    alone.ada.patch(f"/conversations/{second.conversation_id}", {"labels": ["vip"]})
    assert listed(alone, sort="waiting", label="vip") == at(second)
    assert listed(alone, sort="waiting", q="hello", status="open") == at(first, second, third, answered)


def test_a_wait_ends_with_an_answer(house: House, turn_queue: ListQueue, worker: Context) -> None:
    """Of a person, of the responder, or with a conversation that is solved: then another begins."""
    by_ai = house.visit("Hello")
    turn.run(worker, turn_queue.turns[-1])
    house.ada.patch("/project", {"responder_enabled": False})
    by_person, solved, waits = house.visit("Hello"), house.visit("Hello"), house.visit("Hello")
    reply(house, by_person)
    house.ada.patch(f"/conversations/{solved.conversation_id}", {"status": "solved"})
    for one in (solved, by_ai, by_person):
        says(one)
    assert listed(house, sort="waiting") == at(waits, solved, by_ai, by_person)


PARKED = """
INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
SELECT project_id, conversation_id, id, 'Parked.', 'assigned' FROM turn WHERE conversation_id = :conversation
"""


def test_a_parked_reply_that_is_sent_ends_it_too(people: People) -> None:
    """Though the conversation stays handed off, and so goes on to need a person."""
    people.visitor_writes()
    people.behind_the_back(
        "UPDATE conversation SET responder_state = 'handed_off', version = version + 1 WHERE id = :conversation"
    )
    people.behind_the_back(PARKED)
    (draft,) = people.drafts()
    with people.services.statement() as writing:
        drafts.send(writing.connection, people.ana, people.conversation_id, draft["id"], None)
    sent_at = people.conversation()["person_at"]
    people.visitor_writes()
    with people.services.reading() as connection:
        (row,) = list_rows.shown(connection, people.project_id, Filter(sort="waiting"))
    assert row.waits_since is not None
    assert row.waits_since > sent_at


NOBODY_WAITS = """UPDATE conversation SET last_said_by = 'responder', left_to_people = false,
    responder_state = 'active', waiting_since = '2026-01-01', version = version + 1 WHERE id = :conversation"""


@pytest.mark.parametrize(
    "waits", ["left_to_people = true", "responder_state = 'handed_off'", "last_said_by = 'visitor'", "id = id"]
)
def test_who_waits_for_any_reason_and_writes_again_keeps_their_place(people: People, waits: str) -> None:
    people.visitor_writes()
    people.behind_the_back(NOBODY_WAITS)
    people.behind_the_back(f"UPDATE conversation SET {waits} WHERE id = :conversation")
    people.visitor_writes()
    kept = people.conversation()["waiting_since"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert kept is (waits != "id = id"), "or waits from now on, where nothing was asked"


def test_who_asks_for_a_person_waits_from_then_on(people: People) -> None:
    people.visitor_writes()
    people.behind_the_back(NOBODY_WAITS)
    with people.services.statement() as writing:
        person_asked.ask(writing.connection, people.visit, datetime.now(UTC), people_here=True)
    assert people.conversation()["waiting_since"] > datetime(2026, 1, 2, tzinfo=UTC)


# Of each kind three: since when one waits is said, said of several alike, or not known.
KINDS = text(
    """
INSERT INTO conversation
    (project_id, visitor_id, status, responder_state, left_to_people, waiting_since, created_at, labels)
SELECT :project, (SELECT max(id) FROM visitor), status, responder_state, left_to_people, since, '2026-01-02', '{vip}'
FROM unnest(ARRAY['2026-01-03', NULL, '2026-01-01']::timestamptz[]) AS since, unnest(ARRAY[true, false]) AS
    left_to_people, unnest(ARRAY['open', 'pending', 'snoozed', 'solved', 'spam']) AS status,
    unnest(ARRAY['active', 'paused', 'handed_off']) AS responder_state
RETURNING *
"""
)


def test_each_kind_of_conversation_stands_in_its_place(house: House, services: Services) -> None:
    """And all say alike since when it waits: the list, a conversation by itself, and the log of changes."""
    visitor = house.visit()
    with services.transaction() as writing:
        rows = list(writing.connection.execute(KINDS, {"project": house.project_id}).mappings())

    def since(row: Mapping[Any, Any]) -> Any:
        needs = row["left_to_people"] or row["responder_state"] == "handed_off"
        return (row["waiting_since"] or row["active_at"]) if needs and row["status"] in ("open", "pending") else None

    waiting = sorted(filter(since, rows), key=lambda row: (since(row), row["id"]))
    others = sorted((row for row in rows if not since(row)), key=lambda row: -int(row["id"]))
    rows, places = waiting + others, [row["id"] for row in waiting + others]
    told = house.ada.get("/conversations?sort=waiting&label=vip&limit=100").get_json()["items"]
    assert [one["id"] for one in told] == places
    assert [one["waiting_since"] for one in told] == [representation.moment(since(row)) for row in rows]
    logged = [representation.conversation(row, told[0]["visitor"]) for row in rows]
    assert [one["waiting_since"] for one in logged] == [one["waiting_since"] for one in told]
    anywhere = listed(house, sort="waiting", limit=7)
    assert anywhere.pop(len(waiting)) == visitor.conversation_id, "the newest of those who do not wait"
    assert anywhere == places
    assert listed(house, sort="waiting", label="vip", limit=7) == places
    saved = {"name": "Line", "view": "wanted", "search": "", "sort": "waiting", "shared": False}
    number = house.ada.post("/saved-views", saved).get_json()["id"]
    assert listed(house, f"/saved-views/{number}/conversations", limit=7) == [row["id"] for row in waiting]


def test_a_cursor_is_of_its_own_order(alone: House) -> None:
    for _ in range(2):
        alone.visit("Hello")
    cursor = alone.ada.get("/conversations?limit=1").get_json()["next_cursor"]
    assert error(alone.ada.get(f"/conversations?sort=waiting&cursor={cursor}")) == (422, "invalid")
    assert error(alone.ada.get("/conversations?sort=longest")) == (422, "invalid")


def test_the_page_keeps_its_order(alone: House, app: Flask, sit: Callable[[Caller], Reader]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    first, second = alone.visit("Hello"), alone.visit("Hello")
    says(first)
    browser = sit(alone.ben).client

    def rows(address: str) -> list[int]:
        found = re.findall(r'<li id="row-(\d+)" data-active="([^"]+)"', browser.get(address).text)
        assert [place for _, place in found] == sorted((place for _, place in found), reverse=True)
        return [int(number) for number, _ in found]

    assert rows("/?view=all") == at(first, second)
    says(second)
    assert rows("/?view=all") == at(second, first)
    assert rows("/?view=all&sort=waiting") == at(first, second)
    assert f"/conversations/{first.conversation_id}?view=all&amp;sort=waiting#" in browser.get("/?sort=waiting").text
    assert 'class="ordered"' in browser.get("/?sort=waiting").text
    assert 'class="ordered"' not in browser.get("/?view=solved&sort=waiting").text, "where nobody can wait"
    form = {"name": "Line", "view": "wanted", "q": "", "sort": "waiting"}
    saved = browser.post("/saved-views", data=form).headers["Location"]
    assert rows(saved) == at(first, second)
    assert rows(f"{saved}&sort=newest") == at(second, first)
    assert "Keep this order" in browser.get(f"{saved}&sort=newest").text
    number = saved.rpartition("=")[2]
    browser.post(f"/saved-views/{number}/rename", data={"sort": "newest"})
    assert rows(saved) == at(second, first)
    shown = alone.ben.get(f"/saved-views/{number}").get_json()
    assert (shown["name"], shown["sort"]) == ("Line", "newest")
