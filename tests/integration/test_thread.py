"""What stands between the messages of an open conversation, when it opens and while it is open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from inbox.pages import earlier, telling
from inbox.pages.thread import opened, thread
from tests.integration.callers import House
from tests.integration.reader import Sit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def said(hours: float) -> dict[str, Any]:
    return {"id": int(hours * 10), "created_at": NOON + timedelta(hours=hours)}


def told(number: int, kind: str, hours: float, data: Any = None) -> dict[str, Any]:
    return {"id": number, "kind": kind, "at": NOON + timedelta(hours=hours), "data": data}


def shape(items: Any) -> list[Any]:
    return [("day", one.at.day) if one.begins else one.entry["kind"] if one.entry else "said" for one in items]


def test_in_the_order_of_what_happened(app: Flask) -> None:
    """Only what changes who has it or how it stands; a landing only where it kept something; nothing from before."""
    timeline: Any = [
        told(7, "turn_landed", 3, {"kept": [{"field": "status"}]}),
        told(6, "priority", 2.5),
        told(5, "turn_landed", 2, {"kept": []}),
        told(4, "assigned", 1),
        told(3, "taken_over", -1),
    ]
    with app.test_request_context():
        assert shape(opened([*map(said, (0, 3, 14))], timeline)) == [
            ("day", 2), "assigned", "said", "turn_landed", ("day", 3),
        ]  # fmt: skip


def test_what_is_there_is_not_told_again() -> None:
    timeline: Any = [told(9, "status", 2), told(8, "assigned", 1)]
    assert shape(thread([], timeline, after_entry=8)) == ["status"]
    assert shape(thread([said(1)], timeline, after_entry=None)) == ["said"]


def test_the_page_and_what_comes_while_it_is_open(house: House, sit: Sit) -> None:
    number = house.visit("Where is it?").conversation_id
    ben = sit(house.ben)
    house.ada.post(f"/conversations/{number}/claim")
    page = ben.open(f"/conversations/{number}")
    assert re.search(r'class="happened".*?Ada assigned it to themselves', page, re.S)
    newest = re.search(r'id="messages" class="thread-in" data-entry="(\d+)"', page)
    assert newest
    house.ada.patch(f"/conversations/{number}", {"status": "pending"})
    parts = ben.open(f"/conversations/{number}/parts?after=999999&entry={newest.group(1)}")
    lines = re.findall(r'class="happened".*?</p>', parts, re.S)
    assert len(lines) == 1
    assert "set the status to pending" in lines[0]
    assert 'class="happened"' not in ben.open(f"/conversations/{number}/parts?after=0")


def test_what_was_said_before_comes_in_parts(house: House, sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "SHOWN_MESSAGES", 2)
    number = house.visit("One").conversation_id
    for words in ("Two", "Three", "Four", "Five"):
        house.ada.post(f"/conversations/{number}/messages", {"content": words})
    ben = sit(house.ben)
    read, path = [], f"/conversations/{number}"
    while path:
        part = ben.open(path)
        read.append(re.findall(r'class="bubble"><p>(\w+)</p>', part))
        more = re.search(r'hx-get="(/conversations/\d+/earlier[^"]+)"', part)
        path = more[1] if more else ""
    assert read == [["Four", "Five"], ["Two", "Three"], ["One"]]


def test_a_search_opens_what_it_found(house: House, sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far up that is; in the thread there are as many again above it as one needs to understand it."""
    monkeypatch.setattr(earlier, "SHOWN_MESSAGES", 2)
    monkeypatch.setattr(earlier, "BEFORE_IT", 1)
    number = house.visit("One").conversation_id
    for words in ("Two", "Zanzibar", "Four", "Five", "Six"):
        house.ada.post(f"/conversations/{number}/messages", {"content": words})
    ben = sit(house.ben)
    link = re.search(rf'href="(/conversations/{number}[^"#]+)', ben.open("/?q=zanzibar"))
    assert link
    page = ben.open(link[1].replace("&amp;", "&"))
    assert re.findall(r'class="bubble"><p>(\w+)</p>', page) == ["Two", "Zanzibar", "Four", "Five", "Six"]
    at = re.search(r'id="found"[^>]+data-at="(\d+)"', page)
    assert at
    assert re.search(rf'id="message-{at[1]}".*?<p>Zanzibar</p>', page, re.S)
    monkeypatch.setattr(earlier, "MOST_REACHED", 3)
    assert "<p>Zanzibar</p>" not in ben.open(f"/conversations/{number}?at={at[1]}"), "no page is that long"


def test_the_times_in_a_sentence_are_elements() -> None:
    """A reader elsewhere sees them in their own zone; what a name says stays words."""
    data = {
        "landed_at": "2026-03-02T12:00:05.250000+00:00",
        "kept": [{"field": "status", "by": "<b>11:11:11", "at": "2026-03-02T12:00:04+00:00"}],
    }
    entry = {**told(1, "turn_landed", 0.1, data), "actor_name": None, "actor_type": "responder", "actor_id": None}
    words = telling.told(entry)
    assert '<time datetime="2026-03-02T12:00:05.250000Z" data-clock="seconds">12:00:05</time>' in words
    assert '<time datetime="2026-03-02T12:00:04.000000Z" data-clock="seconds">12:00:04</time>' in words
    assert "&lt;b&gt;11:11:11" in words


def test_answer_again_starts_a_turn(house: House, sit: Sit) -> None:
    number = house.visit("Where is it?").conversation_id
    (turn,) = house.ada.get(f"/conversations/{number}/turns").get_json()["items"]
    house.ada.post(f"/conversations/{number}/turns/{turn['id']}/stop")
    ada = sit(house.ada)
    assert f'id="row-{number}"' in ada.open("/?view=wanted"), "it needs a person"
    stopped = ada.open(f"/conversations/{number}")
    assert all(words in stopped for words in ("Answer again", "Nobody is answering", "Waits for an answer"))
    path = f"/conversations/{number}/acts/again"
    ada.send(path, to=path)
    statuses = [one["status"] for one in house.ada.get(f"/conversations/{number}/turns").get_json()["items"]]
    assert statuses == ["queued", "cancelled"]
    assert house.ada.get(f"/conversations/{number}").get_json()["responder_state"] == "active"
    assert "Waits for an answer" not in ada.open(f"/conversations/{number}")
    assert f'id="row-{number}"' not in ada.open("/?view=wanted")
