"""Lists of conversations and messages through the API: their order, their pages, what is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import House, error


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.get_json()["items"]]


def test_list_is_newest_activity_first(house: House, other_house: House) -> None:
    other_house.visit("Elsewhere")
    first, second, empty = house.visit("One"), house.visit("Two"), house.visit()
    assert ids(house.ada.get("/conversations")) == [v.conversation_id for v in (empty, second, first)]
    first.post("/widget/messages", {"content": "Again"})
    assert ids(house.ada.get("/conversations")) == [v.conversation_id for v in (first, empty, second)]
    # A note is no activity.
    house.ada.post(f"/conversations/{second.conversation_id}/messages", {"content": "psst", "private": True})
    assert ids(house.ada.get("/conversations"))[0] == first.conversation_id


def test_pages_of_a_list(house: House) -> None:
    made = [house.visit("Hi").conversation_id for _ in range(7)]
    seen: list[int] = []
    query = ""
    while True:
        page = house.ada.get(f"/conversations?limit=3{query}").get_json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 3
        query = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]
    exactly = house.ada.get("/conversations?limit=7").get_json()
    assert exactly["next_cursor"] is None


def test_pages_hold_where_times_are_equal(house: House, services: Services) -> None:
    made = [house.visit().conversation_id for _ in range(5)]
    with services.database.begin() as connection:
        connection.execute(text("UPDATE conversation SET created_at = '2026-01-01T00:00:00.000001Z'"))
    first = house.ada.get("/conversations?limit=2").get_json()
    second = house.ada.get(f"/conversations?limit=3&cursor={first['next_cursor']}").get_json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]


def test_filters(house: House) -> None:
    a, b, c = (house.visit(text, name=name).conversation_id for text, name in
               (("Refund 100%", "Zoe"), ("hello", "Yan"), ("x_y", "Xia")))  # fmt: skip
    house.ada.patch(f"/conversations/{a}", {"status": "pending", "assignee_id": house.ada.id, "labels": ["vip", "de"]})
    house.ada.patch(f"/conversations/{b}", {"status": "solved", "assignee_id": house.ben.id})
    house.ada.post(f"/conversations/{c}/take-over")
    for query, found in {
        "status=open": [c],
        "status=open&status=solved": [c, b],
        "assignee=me": [a],
        "assignee=none": [c],
        f"assignee={house.ben.id}": [b],
        "responder_state=paused": [c],
        "label=vip": [a],
        "label=vi": [],
        "q=refund": [a],
        "q=zoe": [a],
        "q=100%25": [a],
        "q=x_y": [c],
        "q=x%25y": [],
        "q=": [c, b, a],
        "status=pending&assignee=me&label=de&q=REFUND": [a],
    }.items():
        assert ids(house.ada.get(f"/conversations?{query}")) == found, query


@pytest.mark.parametrize(
    "query",
    [
        "status=closed", "status=", "status=open&status=nope", "assignee=you", "assignee=", "assignee=-1",
        f"assignee={10**30}", "assignee=999999", "responder_state=off", "limit=0", "limit=201", "limit=-1", "limit=x",
        "limit=", "limit=1.5", "cursor=", "cursor=x", "cursor=%FF", "cursor=WzFd", "cursor=bnVsbA", "page=2",
        "Status=open", "q=%00", "label=%00", "after=1", "label=a&label=b",
        # ["x", 1] and ["2026-01-01T00:00:00Z", -1]
        "cursor=WyJ4IiwgMV0", "cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsIC0xXQ",
    ],
)  # fmt: skip
def test_bad_queries(house: House, query: str) -> None:
    response = house.ada.get(f"/conversations?{query}")
    assert error(response) == (422, "invalid")
    assert response.get_json()["error"]["fields"]


def test_a_forged_cursor_is_no_failure(house: House) -> None:
    # ["2026-W01-1T00:00:00+00:00", 1]: a time that Python reads and PostgreSQL does not.
    response = house.ada.get("/conversations?cursor=WyIyMDI2LVcwMS0xVDAwOjAwOjAwKzAwOjAwIiwgMV0")
    assert response.status_code in {200, 422}


def test_messages_in_pages(house: House) -> None:
    visitor = house.visit(*[f"message {n}" for n in range(5)])
    at = visitor.conversation_id
    page = house.ada.get(f"/conversations/{at}/messages?limit=2").get_json()
    assert [m["content"] for m in page["items"]] == ["message 0", "message 1"]
    for name in ("after", "cursor"):
        rest = house.ada.get(f"/conversations/{at}/messages?{name}={page['next_cursor']}").get_json()
        assert [m["content"] for m in rest["items"]] == ["message 2", "message 3", "message 4"]
        assert rest["next_cursor"] is None
    for bad in ("after=x", "after=-1", f"after={2**63}", "limit=0", "before=1"):
        assert error(house.ada.get(f"/conversations/{at}/messages?{bad}")) == (422, "invalid")
