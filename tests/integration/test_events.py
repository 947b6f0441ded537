"""I7: the event stream that a client sees is in commit order, with no gap and nothing twice, across reconnects."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from inbox import pruning
from inbox.errors import BadEventId
from inbox.events import Scope, place
from inbox.hub import Hub
from inbox.services import Services
from tests.background import Background
from tests.integration.callers import Caller, House
from tests.integration.event_stream import CHANGE, QUIET, Event, busy, flat, hub, quick_beats, told, until_quiet, walk
from tests.locks import until_waiting

__all__ = ["hub", "quick_beats"]  # fixtures, used by their names, the second by all


def test_the_form_of_events(house: House, hub: Hub) -> None:
    visitor = busy(house)
    seen = until_quiet(hub, Scope(house.project_id), "0")
    assert {e.name for e in seen} == {"message.created", "conversation.updated", "turn.updated", "timeline.created"}
    what = {"message.created": "message", "conversation.updated": "conversation", "turn.updated": "turn",
            "timeline.created": "entry"}  # fmt: skip
    for event in seen:
        assert event.data.keys() == {"type", "conversation_id", "version", "at", what[event.name]}
        assert event.data["type"] == event.name
        assert event.data["conversation_id"] == visitor.conversation_id
    versions = [e.data["version"] for e in seen]
    assert versions == sorted(versions)
    path = f"/conversations/{visitor.conversation_id}"
    assert told(seen, "message") == house.ada.get(f"{path}/messages").get_json()["items"]
    assert told(seen, "entry") == house.ada.get(f"{path}/timeline").get_json()["items"]
    assert told(seen, "turn")[-1] == house.ada.get(f"{path}/turns").get_json()["items"][0]
    assert told(seen, "conversation")[-1] == house.ada.get(path).get_json()


def test_a_visitor_sees_what_is_theirs(house: House, hub: Hub) -> None:
    visitor, _ = busy(house), busy(house)
    seen = until_quiet(hub, Scope(house.project_id, visitor.conversation_id), "0")
    assert {e.data["conversation_id"] for e in seen} == {visitor.conversation_id}
    assert {e.name for e in seen} == {"message.created", "turn.updated"}
    assert [message["content"] for message in told(seen, "message")] == ["Hello", "Hi", "Thanks"]
    assert told(seen, "turn") == [{"status": "queued"}, {"status": "cancelled"}, {"status": "queued"}]
    assert told(seen, "message") == visitor.get("/widget/messages").get_json()["items"]
    assert "internal" not in str(seen)
    assert "Ben" not in str([e.data for e in seen if "message" not in e.data])


def test_what_others_take_for_the_end_of_a_line(house: House, hub: Hub) -> None:
    """Clients in Python split text by `splitlines`, which knows more ends than an event stream does."""
    content = "".join(f"{end}data: {{}}" for end in ("a", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r\n"))
    house.visit(content)
    frames = hub.stream(Scope(house.project_id), "0")
    told_of = next(frame.decode() for frame in frames if b"message.created" in frame)
    for lines in (frame.splitlines() for frame in told_of.split("\n\n") if "message.created" in frame):
        assert [line.partition(":")[0] for line in lines] == ["id", "event", "data"]
        assert json.loads(lines[2].partition(":")[2])["message"]["content"] == content


def test_a_client_that_reconnects_after_every_event(house: House, other_house: House, hub: Hub) -> None:
    first = busy(house)
    busy(other_house)
    busy(house)
    for scope in (Scope(house.project_id), Scope(house.project_id, first.conversation_id)):
        whole = until_quiet(hub, scope, "0")
        assert len({e.id for e in whole}) == len(whole) > 3
        assert walk(hub, scope, "0") == whole
        for n, event in enumerate(whole):
            assert until_quiet(hub, scope, event.id) == whole[n + 1 :]


def test_without_an_id_from_now(house: House, hub: Hub) -> None:
    busy(house)
    assert until_quiet(hub, Scope(house.project_id), None) == []
    assert until_quiet(hub, Scope(house.project_id), "") == []


def test_one_that_is_erased_while_it_is_placed(house: House, hub: Hub, services: Services, engine: Engine) -> None:
    """Its position is nobody's; all that come later are told."""
    scope = Scope(house.project_id)
    erased, other = house.visit("Erase me"), house.visit("Keep me")
    with ThreadPoolExecutor(1) as placing, engine.begin() as connection:
        of_it = {"conversation": erased.conversation_id}
        connection.execute(text("DELETE FROM change WHERE conversation_id = :conversation"), of_it)
        placed = placing.submit(place, engine)
        until_waiting(services, 1)
        connection.commit()
        placed.result(timeout=60)
    other.post("/widget/messages", {"content": "And after"})
    seen = until_quiet(hub, scope, "0")
    assert [message["content"] for message in told(seen, "message")] == ["Keep me", "And after"]


def test_a_head_that_was_left_behind_catches_up(house: House, hub: Hub, engine: Engine) -> None:
    house.visit("Hello")
    place(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE stream_head SET position = position - 1"))
    house.visit("Still told")
    seen = until_quiet(hub, Scope(house.project_id), "0")
    assert [message["content"] for message in told(seen, "message")] == ["Hello", "Still told"]


def test_commits_out_of_order(house: House, hub: Hub, engine: Engine) -> None:
    """The change that took its id first commits last: a reader by id would never see it."""
    at = house.visit().conversation_id
    scope = Scope(house.project_id)
    last = until_quiet(hub, scope, "0")[-1].id
    body: dict[str, Any] = {"conversation": None, "turns": [], "drafts": [], "entries": []}

    def row(n: int) -> dict[str, Any]:
        message = {
            "id": n, "conversation_id": at, "author": "agent", "author_id": 1, "author_name": "x", "content": str(n),
            "private": False, "turn_id": None, "sent_by": None, "details": {}, "created_at": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        values = {"project": house.project_id, "conversation": at}
        return values | {"body": json.dumps(body | {"messages": [message]})}

    with engine.connect() as slow:
        slow.execute(CHANGE, row(1))
        with engine.begin() as quick:
            quick.execute(CHANGE, row(2))
        before = until_quiet(hub, scope, last)
        slow.commit()
    after = until_quiet(hub, scope, before[-1].id)
    assert [e.data["message"]["content"] for e in before + after] == ["2", "1"]
    assert until_quiet(hub, scope, last) == before + after


def test_what_is_written_is_told_at_once(house: House, hub: Hub, in_background: Callable[..., Background]) -> None:
    visitor = house.visit("Hello")
    stream = hub.stream(Scope(house.project_id), None)
    assert next(stream) == b": welcome\n\n"
    names = iter(e for e in flat(stream) if isinstance(e, Event))
    for n in range(20):
        visitor.post("/widget/messages", {"content": str(n)})
        event = next(e for e in names if e.name == "message.created")
        assert event.data["message"]["content"] == str(n)


def test_joining_while_much_is_written(house: House, hub: Hub, in_background: Callable[..., Background]) -> None:
    """Catching up ends where live begins: nothing is missed and nothing told twice, wherever a client joins."""
    visitors = [house.visit() for _ in range(3)]
    done: list[Caller] = []

    def write(visitor: Caller) -> None:
        for n in range(40):
            visitor.post("/widget/messages", {"content": str(n)})
        done.append(visitor)

    for visitor in visitors:
        in_background(write, visitor)
    scope = Scope(house.project_id)
    joined: list[tuple[str, list[Event]]] = []
    while len(done) < len(visitors):
        stream = hub.stream(scope, "0")
        seen = [e for e in itertools.islice(flat(stream), 30) if isinstance(e, Event)]
        stream.close()  # type: ignore[attr-defined]  # a generator
        last = seen[len(seen) // 2].id
        joined.append((last, until_quiet(hub, scope, last)))
    whole = until_quiet(hub, scope, "0")
    assert len({e.id for e in whole}) == len(whole)
    ids = [e.id for e in whole]
    for last, seen in joined:
        start = ids.index(last) + 1
        assert seen == whole[start : start + len(seen)]
    for visitor in visitors:
        own = [m["content"] for m in told(whole, "message") if m["conversation_id"] == visitor.conversation_id]
        assert own == [str(n) for n in range(40)]


@pytest.mark.parametrize(
    "bad",
    [
        "x", "-1", "1", "00", "0.0", "999999999.0", "1.0 ", " 1.0", "1.0.0", "01.0", "1.00", "1.99", "١.0", "1.0\n",
        "1e1.0", "9" * 400,
    ],
)  # fmt: skip
def test_ids_that_were_never_issued(house: House, hub: Hub, bad: str) -> None:
    busy(house)
    assert until_quiet(hub, Scope(house.project_id), "0")[0].id.startswith("1.")
    with pytest.raises(BadEventId):
        hub.stream(Scope(house.project_id), bad)


def test_ids_of_others(house: House, other_house: House, hub: Hub) -> None:
    mine, second = busy(house), busy(house)
    busy(other_house)
    theirs = {e.id for e in until_quiet(hub, Scope(other_house.project_id), "0")}
    own = {e.id for e in until_quiet(hub, Scope(house.project_id), "0")}
    visible = {e.id for e in until_quiet(hub, Scope(house.project_id, mine.conversation_id), "0")}
    seconds = {e.id for e in until_quiet(hub, Scope(house.project_id, second.conversation_id), "0")}
    assert not theirs & own
    assert not visible & seconds
    for foreign in theirs:
        with pytest.raises(BadEventId):
            hub.stream(Scope(house.project_id), foreign)
    for hidden in own - visible:  # the other conversation's, and the private ones of the own
        with pytest.raises(BadEventId):
            hub.stream(Scope(house.project_id, mine.conversation_id), hidden)


def test_too_old(house: House, hub: Hub, engine: Engine) -> None:
    busy(house)
    scope = Scope(house.project_id)
    old = until_quiet(hub, scope, "0")
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days'"))
    busy(house)
    kept = until_quiet(hub, scope, old[-1].id)
    with engine.begin() as connection:
        assert pruning.prune(connection) > 0
        assert pruning.prune(connection) == 0
    seen = list(itertools.takewhile(lambda one: one != QUIET, flat(hub.stream(scope, old[0].id))))
    assert [one.name for one in seen if isinstance(one, Event)] == ["reset"]
    assert until_quiet(hub, scope, "0") == kept
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days'"))
        pruning.prune(connection)
    assert [e.name for e in until_quiet(hub, scope, kept[-1].id)] == ["reset"]
    assert until_quiet(hub, scope, "0") == []


def test_pruning_leaves_no_hole(house: House, hub: Hub, engine: Engine) -> None:
    busy(house)
    place(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days' WHERE position <> 2"))
        pruning.prune(connection)
        left = connection.execute(text("SELECT min(position), count(*) FROM change")).one()
    assert left[0] == 2
    assert left[1] > 2


def test_a_page_begins_where_it_was_rendered(house: House, hub: Hub) -> None:
    assert hub.position(house.project_id) is None
    busy(house)
    position = hub.position(house.project_id)
    assert position == until_quiet(hub, Scope(house.project_id), "0")[-1].id
    assert until_quiet(hub, Scope(house.project_id), position) == []
