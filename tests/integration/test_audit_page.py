"""The audit log as managers read it: over the API and on its page."""

from __future__ import annotations

import pytest

from inbox.services import Services
from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown


def test_the_api(house: House) -> None:
    for language in ("de", "vi", ""):
        house.ada.patch("/project", {"language": language})
    house.ada.patch(f"/members/{house.ben.id}", {"role": "manager"})
    page = house.ada.get("/audit?limit=2").get_json()
    assert [one["kind"] for one in page["items"]] == ["role_changed", "settings_changed"]
    assert page["items"][0]["actor"] == {"id": house.ada.id, "name": "Ada"}
    rest = house.ada.get(f"/audit?limit=2&cursor={page['next_cursor']}").get_json()
    assert [one["data"]["changed"]["language"]["to"] for one in rest["items"]] == ["vi", "de"]
    assert rest["next_cursor"] is None
    assert len(house.ada.get("/audit?kind=role_changed").get_json()["items"]) == 1
    assert house.ada.get(f"/audit?actor_id={house.ben.id}").get_json()["items"] == []
    assert house.ada.get("/audit?since=2999-01-01T00:00:00Z").get_json()["items"] == []
    assert len(house.ada.get("/audit?until=2999-01-01T00:00:00Z").get_json()["items"]) == 4
    assert error(house.ada.get("/audit?since=yesterday")) == (422, "invalid")


def test_only_managers_read_it(house: House, sit: Sit) -> None:
    assert error(house.ben.get("/audit")) == (403, "forbidden")
    assert sit(house.ben).client.get("/settings/audit").status_code == 403
    assert "Audit log" not in sit(house.ben).open("/settings")


def test_the_page(house: House, sit: Sit, services: Services) -> None:
    house.ada.patch("/project", {"language": "de", "responder_enabled": False})
    house.ada.patch(f"/members/{house.ben.id}", {"role": "manager"})
    ada = sit(house.ada)
    words = shown(ada.open("/settings/audit"))
    assert "Ada changed the role of Ben role: agent → manager" in words
    assert "language of replies: nothing → de" in words
    assert "the responder answers: on → off" in words
    house.ada.patch("/project", {"widget_origins": ["https://a.example", "https://b.example"]})
    assert "allowed origins: nothing → https://a.example, https://b.example" in shown(ada.open("/settings/audit"))
    words = shown(ada.open("/settings/audit?kind=role_changed"))
    assert "changed the role of Ben" in words
    assert "changed the settings" not in words
    assert "Nothing like that happened" in shown(ada.open("/settings/audit?since=2999-01-01"))


@pytest.mark.parametrize("query", ["since=x", "actor=x", "kind=%00", "until=9999-12-31", "actor=99999999999999999999"])
def test_odd_questions(house: House, sit: Sit, query: str) -> None:
    assert sit(house.ada).client.get(f"/settings/audit?{query}").status_code == 200
