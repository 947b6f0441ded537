"""Saved views over the API: one's own and the project's, what they show, who changes them; and the report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.callers import Caller, House, error

ORDERS = {"name": "Orders", "view": "unassigned", "search": "label:order", "shared": True}


def make(who: Caller, **more: Any) -> dict[str, Any]:
    made = who.post("/saved-views", ORDERS | more)
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def names(who: Caller, **query: Any) -> list[str]:
    return [one["name"] for one in who.get("/saved-views", query_string=query).get_json()["items"]]


def test_what_a_view_shows(house: House) -> None:
    at = [house.visit("Hello").conversation_id for _ in range(3)]
    for number in at[:2]:
        house.ben.patch(f"/conversations/{number}", {"labels": ["order"]})
    house.ben.patch(f"/conversations/{at[0]}", {"assignee_id": house.ben.id})
    view = make(house.ben)

    def found() -> list[int]:
        items = house.ada.get(f"/saved-views/{view['id']}/conversations").get_json()["items"]
        return [one["id"] for one in items]

    assert found() == [at[1]]
    changed = house.ben.patch(f"/saved-views/{view['id']}", {"view": "all"}).get_json()
    assert changed == view | {"view": "all"}, "the rest stays"
    assert found() == [at[1], at[0]]
    page = house.ada.get(f"/saved-views/{view['id']}/conversations?limit=1").get_json()
    rest = house.ada.get(f"/saved-views/{view['id']}/conversations?cursor={page['next_cursor']}").get_json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [at[1], at[0]]


def test_whose_they_are(house: House, other_house: House) -> None:
    shared, own = make(house.ben), make(house.ben, name="Mine", shared=False)
    make(other_house.ada, name="Elsewhere")
    assert names(house.ben) == ["Mine", "Orders"]
    assert names(house.ben, limit=1) == ["Mine"]
    assert names(house.ada) == ["Orders"]
    assert error(house.ada.get(f"/saved-views/{own['id']}")) == (404, "not_found")
    assert error(house.ada.patch(f"/saved-views/{own['id']}", {"name": "x"})) == (404, "not_found")
    assert house.ada.patch(f"/saved-views/{shared['id']}", {"name": "A manager may"}).status_code == 200
    of_ada = make(house.ada, name="Ada's")
    assert error(house.ben.patch(f"/saved-views/{of_ada['id']}", {"shared": False})) == (403, "forbidden")
    assert error(house.ben.call("DELETE", f"/saved-views/{of_ada['id']}")) == (403, "forbidden")
    assert house.ben.call("DELETE", f"/saved-views/{shared['id']}").status_code == 204
    assert names(house.ada) == ["Ada's"]


@pytest.mark.parametrize("bad", [{"name": ""}, {"view": "nothing"}, {"search": "x" * 201}, {"shared": 3}, {"x": 1}])
def test_what_cannot_be_saved(house: House, bad: dict[str, Any]) -> None:
    assert house.ben.post("/saved-views", ORDERS | bad).status_code == 422


def test_the_report(house: House) -> None:
    visitor = house.visit("Hello")
    house.ben.post(f"/conversations/{visitor.conversation_id}/messages", {"content": "Hello from Ben"})
    told = house.ben.get("/reports?zone=Asia/Ho_Chi_Minh").get_json()
    assert (len(told["days"]), told["days"][-1], told["zone"]) == (30, told["until"], "Asia/Ho_Chi_Minh")
    plots = {plot["key"]: plot for plot in told["plots"]}
    assert plots["volume"]["total"] == 1
    assert plots["volume"]["lines"][0]["values"] == [0] * 29 + [1]
    assert plots["person_first_reply"]["unit"] == "seconds"
    assert plots["races"]["more"]["lost"] == 0
    one_day = house.ben.get("/reports?since=2026-01-01&until=2026-01-01").get_json()
    assert (one_day["days"], one_day["plots"][0]["total"]) == (["2026-01-01"], 0)
    for bad in ("since=tomorrow", "zone=Mars", "since=2026-02-01&until=2026-01-01", "since=2020-01-01", "x=1"):
        assert error(house.ben.get(f"/reports?{bad}")) == (422, "invalid"), bad
