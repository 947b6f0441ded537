"""Working hours over the API and on their page, and what a visitor is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.presence import Presence
from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown

PAGE = "/settings/hours"


def closed_now() -> dict[str, Any]:
    """Hours that open tomorrow and not today."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return {"time_zone": "UTC", "week": {tomorrow.strftime("%A").lower(): ["09:00-10:00"]}}


def test_a_visitor_is_told_when_somebody_is_back(house: House) -> None:
    visitor = house.visit("Hello")
    assert visitor.get("/widget/availability").get_json() == {"people_here": False, "back_at": None}
    told = house.ada.call("PUT", "/working-hours", json=closed_now()).get_json()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    assert (told["open_now"], told["opens_at"]) == (False, f"{tomorrow}T09:00:00.000000Z")
    assert visitor.get("/widget/availability").get_json()["back_at"] == told["opens_at"]
    here = "/widget/conversation"
    assert visitor.get(here).get_json()["back_at"] is None, "the AI answers at any hour"
    house.ada.post(f"/conversations/{visitor.conversation_id}/take-over")
    assert visitor.get(here).get_json()["back_at"] == told["opens_at"]
    presence: Presence = house.app.extensions["tandem"].presence
    presence.beat(house.project_id, house.ben.id)
    assert visitor.get("/widget/availability").get_json() == {"people_here": True, "back_at": None}
    assert visitor.get(here).get_json()["back_at"] is None


def test_versions(house: House) -> None:
    first = house.ada.get("/working-hours")
    assert (first.headers["ETag"], first.get_json()["enabled"]) == ('"0"', False)
    stale = {"If-Match": '"0"'}
    assert house.ada.call("PUT", "/working-hours", json=closed_now(), headers=stale).headers["ETag"] == '"1"'
    refused = house.ada.call("PUT", "/working-hours", json=closed_now() | {"enabled": False}, headers=stale)
    assert error(refused) == (412, "stale_version")
    assert refused.get_json()["error"]["working_hours"] == house.ada.get("/working-hours").get_json()
    assert house.ada.call("PUT", "/working-hours", json=closed_now()).headers["ETag"] == '"2"'
    assert error(house.ben.call("PUT", "/working-hours", json=closed_now())) == (403, "forbidden")
    (entry, _) = house.ada.get("/audit?kind=hours_changed").get_json()["items"]
    assert entry["data"]["changed"]["week"]["to"] == closed_now()["week"]


@pytest.mark.parametrize(
    "bad",
    [
        {"time_zone": "Moon/Sea"}, {"week": {"someday": ["09:00-10:00"]}}, {"week": {"monday": ["9-10"]}},
        {"week": {"monday": ["09:00-11:00", "10:00-12:00"]}}, {"holidays": ["Christmas"]}, {"holidays": [1]},
        {"week": {"monday": "09:00-10:00"}},
    ],
)  # fmt: skip
def test_what_are_no_hours(house: House, bad: dict[str, Any]) -> None:
    assert error(house.ada.call("PUT", "/working-hours", json={**closed_now(), **bad})) == (422, "invalid")


def test_the_page(house: House, sit: Sit) -> None:
    one, two = sit(house.ada), sit(house.ada)
    assert "No hours are set." in shown(one.open(PAGE))
    two.open(PAGE)
    typed = {
        "monday": "9-12, 13:00 – 17:30",
        "time_zone": "Asia/Ho_Chi_Minh",
        "holidays": "2026-12-25",
        "enabled": "yes",
    }
    assert one.send(PAGE, {**typed, "tuesday": "late"}).status_code == 422
    assert one.forms[""]["tuesday"] == "late"
    assert one.send(PAGE, {**typed, "tuesday": ""}).status_code == 302
    assert house.ada.get("/working-hours").get_json()["week"] == {"monday": ["09:00-12:00", "13:00-17:30"]}
    refused = two.send(PAGE, typed)
    assert refused.status_code == 409
    assert "Ada changed the working hours since you loaded them." in shown(refused.text)
    assert two.forms[""]["monday"] == typed["monday"]
    assert two.send(PAGE).status_code == 302
    assert "Only managers change them." in shown(sit(house.ben).open(PAGE))
