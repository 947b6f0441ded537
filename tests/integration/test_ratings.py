"""A visitor says what they think of it: once for each time that it was solved, and nothing is reopened by that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox import ratings
from inbox.services import Services
from tests.background import Background
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader, shown
from tests.people import People


def solve(house: House, visitor: Caller, status: str = "solved") -> None:
    assert house.ada.patch(f"/conversations/{visitor.conversation_id}", {"status": status}).status_code == 200


def told(visitor: Caller) -> tuple[bool, int | None]:
    found = visitor.get("/widget/conversation").get_json()
    return found["asks_rating"], found["score"]


def test_once_for_each_solving(house: House, turn_queue: ListQueue) -> None:
    visitor = house.visit("Hello")
    assert told(visitor) == (False, None)
    assert error(visitor.post("/widget/rating", {"score": 5})) == (422, "invalid")
    solve(house, visitor)
    assert told(visitor) == (True, None)
    before = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()
    started = list(turn_queue.turns)
    made = visitor.post("/widget/rating", {"score": 4, "comment": " Kind. "})
    assert (made.status_code, made.get_json()["score"], made.get_json()["comment"]) == (201, 4, "Kind.")
    assert told(visitor) == (False, 4)
    after = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()
    assert (after["status"], after["version"], after["epoch"]) == ("solved", before["version"] + 1, before["epoch"])
    assert turn_queue.turns == started
    assert error(visitor.post("/widget/rating", {"score": 1})) == (422, "invalid")
    entry = house.ada.get(f"/conversations/{visitor.conversation_id}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["version"]) == ("rated", after["version"])
    assert entry["text"] == "The visitor rated it 4 of 5: “Kind.”"
    # It is opened again, and solved again: that is another solving.
    visitor.post("/widget/messages", {"content": "One more thing"})
    assert told(visitor) == (False, None)
    solve(house, visitor)
    assert told(visitor) == (True, None)
    assert visitor.post("/widget/rating", {"score": 5}).status_code == 201
    listed = house.ben.get(f"/conversations/{visitor.conversation_id}/ratings").get_json()["items"]
    assert [one["score"] for one in listed] == [5, 4]


def test_a_repetition_is_the_first(house: House) -> None:
    visitor = house.visit("Hello")
    solve(house, visitor)
    key = {"Idempotency-Key": "once"}
    first = visitor.post("/widget/rating", {"score": 2}, headers=key)
    again = visitor.post("/widget/rating", {"score": 2}, headers=key)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"


def test_two_at_once(house: House, services: Services, in_background: Callable[..., Background]) -> None:
    visitor = house.visit("Hello")
    solve(house, visitor)
    with services.database.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), {"id": visitor.conversation_id}
        )
        both = [in_background(visitor.post, "/widget/rating", {"score": score}) for score in (1, 5)]
    statuses = sorted(one.result().status_code for one in both)
    assert statuses == [201, 422]
    assert len(house.ada.get("/ratings").get_json()["items"]) == 1


def test_what_the_responder_solved_is_rated_too(people: People, services: Services) -> None:
    people.visitor_writes()
    people.behind_the_back(
        """
WITH c AS (UPDATE conversation SET version = version + 1, status = 'solved' WHERE id = :conversation RETURNING *)
INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data)
SELECT project_id, id, version, 'tool', 'responder', CAST(:data AS jsonb) FROM c""",
        data={"tool": "set_status", "wanted": {"status": "solved"}, "outcome": "done"},
    )
    with services.statement() as writing:
        assert ratings.rate(writing.connection, people.visit, 3, "")["score"] == 3


@pytest.mark.parametrize(
    "body",
    [{}, {"score": 0}, {"score": 6}, {"score": "5"}, {"score": 4.5}, {"score": 5, "comment": "x" * 2001},
     {"score": 5, "comment": "a\x00"}],
)  # fmt: skip
def test_bad_ratings(house: House, body: dict[str, Any]) -> None:
    visitor = house.visit("Hello")
    solve(house, visitor)
    assert error(visitor.post("/widget/rating", body)) == (422, "invalid")


def test_agents_read_their_own_projects(house: House, other_house: House) -> None:
    for one in (house, other_house):
        visitor = one.visit("Hello")
        solve(one, visitor)
        assert visitor.post("/widget/rating", {"score": 3}).status_code == 201
    first = house.ada.get("/ratings?limit=1").get_json()
    assert [one["score"] for one in first["items"]] == [3]
    assert first["next_cursor"] is None
    assert house.ada.get("/ratings").get_json()["items"] != other_house.ada.get("/ratings").get_json()["items"]


def test_the_agent_sees_it(house: House, sit: Callable[[Caller], Reader]) -> None:
    visitor = house.visit("Hello")
    solve(house, visitor)
    visitor.post("/widget/rating", {"score": 2, "comment": "<b>Slow</b>"})
    page = sit(house.ben).open(f"/conversations/{visitor.conversation_id}")
    assert 'aria-label="2 of 5"' in page
    assert "<b>Slow</b>" not in page
    assert "rated it 2 of 5" in shown(page)
