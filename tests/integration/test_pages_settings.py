"""The settings page: what managers change is saved, what others saved meanwhile is never undone, others only read."""

from __future__ import annotations

import pytest

from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown

SETTINGS = "/settings"


def settings(house: House) -> dict[str, object]:
    return dict(house.ada.get("/project").get_json())


def test_every_setting_is_saved(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(SETTINGS)
    wanted = {
        "mode": "orchestrator", "answers_when": "unassigned", "on_assignment": "park", "resume_rule": "after_hours",
        "instructions": "\nBe kind.\n\nBe <b>brief</b> & “honest”.", "language": "vi",
    }  # fmt: skip
    response = ada.send(SETTINGS, {**wanted, "resume_after_hours": "48", "responder_enabled": None})
    assert response.status_code == 302
    assert settings(house).items() >= {**wanted, "resume_after_hours": 48, "responder_enabled": False}.items()
    page = ada.open(SETTINGS)
    assert "Saved." in page
    assert ada.forms[""].items() >= {**wanted, "resume_after_hours": "48"}.items()
    assert "responder_enabled" not in ada.forms[""]
    ada.send(SETTINGS)
    assert "Nothing was changed." in ada.open(SETTINGS)


def test_two_managers_keep_each_others_fields(house: House, sit: Sit) -> None:
    """Both open the page, each changes something else, both save: both changes stand."""
    one, two = sit(house.ada), sit(house.ada)
    one.open(SETTINGS), two.open(SETTINGS)
    assert one.send(SETTINGS, {"mode": "orchestrator"}).status_code == 302
    assert two.send(SETTINGS, {"language": "de"}).status_code == 302
    assert settings(house).items() >= {"mode": "orchestrator", "language": "de"}.items()


def test_the_same_field_twice_is_said_and_not_overwritten(house: House, sit: Sit) -> None:
    one, two = sit(house.ada), sit(house.ada)
    one.open(SETTINGS), two.open(SETTINGS)
    one.send(SETTINGS, {"instructions": "Be brief.", "language": "de"})
    response = two.send(SETTINGS, {"instructions": "Be kind.", "mode": "orchestrator"})
    assert response.status_code == 409
    words = shown(response.text)
    assert "Ada was faster." in words
    assert "Ada set this to “Be brief.” meanwhile." in words
    assert settings(house).items() >= {"instructions": "Be brief.", "mode": "simple", "language": "de"}.items()
    assert two.forms[""].items() >= {"instructions": "Be kind.", "mode": "orchestrator", "language": "de"}.items()
    assert two.send(SETTINGS).status_code == 302, "having seen theirs, they may put their own in its place"
    assert settings(house).items() >= {"instructions": "Be kind.", "mode": "orchestrator", "language": "de"}.items()


def test_the_same_value_twice_is_no_conflict(house: House, sit: Sit) -> None:
    one, two = sit(house.ada), sit(house.ada)
    one.open(SETTINGS), two.open(SETTINGS)
    for reader in (one, two):
        assert reader.send(SETTINGS, {"mode": "orchestrator"}).status_code == 302


@pytest.mark.parametrize("hours", ["", "0", "8761", "a day", "-1", "1.5", "९", "9" * 30])
def test_what_cannot_be_saved_stays_in_the_form(house: House, sit: Sit, hours: str) -> None:
    before = settings(house)
    ada = sit(house.ada)
    ada.open(SETTINGS)
    response = ada.send(SETTINGS, {"resume_after_hours": hours, "language": "de"})
    if hours == "९":  # a digit all the same
        assert settings(house)["resume_after_hours"] == 9
        return
    assert response.status_code == 422
    assert "Give a whole number of hours from 1 to 8,760." in shown(response.text)
    assert ada.forms[""].items() >= {"resume_after_hours": hours, "language": "de"}.items()
    assert settings(house) == before


@pytest.mark.parametrize("tokens", ["", "-1", "many", "1000000001", "1.5"])
def test_a_cap_is_a_number(house: House, sit: Sit, tokens: str) -> None:
    ada = sit(house.ada)
    ada.open(SETTINGS)
    response = ada.send(SETTINGS, {"cap_tokens_day": tokens})
    assert response.status_code == 422
    assert "Give a whole number of tokens from 0 to 1,000,000,000; 0 is no limit." in shown(response.text)
    assert ada.send(SETTINGS, {"cap_tokens_day": "50000", "cap_tokens_visitor_hour": "2000"}).status_code == 302
    assert settings(house).items() >= {"cap_tokens_day": 50_000, "cap_tokens_visitor_hour": 2000}.items()
    assert "Today so far: 0 of 50,000 tokens." in shown(ada.open(SETTINGS))


def test_a_project_has_another_name(house: House, sit: Sit) -> None:
    """As its visitors and its team see it; over the API as well, and never none at all."""
    ada = sit(house.ada)
    ada.open(SETTINGS)
    for none in ("", "   "):
        refused = ada.send(SETTINGS, {"name": none})
        assert refused.status_code == 422
        assert "A name has 1 to 200 characters." in shown(refused.text)
    assert ada.send(SETTINGS, {"name": " Harbour & Sons "}).status_code == 302
    assert settings(house)["name"] == "Harbour & Sons"
    assert "Harbour &amp; Sons" in ada.open(f"/visit/{house.key}")
    assert house.ada.patch("/project", {"name": "Harbour"}).get_json()["name"] == "Harbour"
    assert error(house.ada.patch("/project", {"name": " "})) == (422, "invalid")


def test_agents_read_and_do_not_write(house: House, sit: Sit) -> None:
    ben = sit(house.ben)
    page = ben.open(SETTINGS)
    assert "Only managers change it." in shown(page)
    assert set(ben.forms[""]) - {"csrf_token"} == {name for name in ben.forms[""] if name.startswith("was-")}
    assert ">Save<" not in page
    assert ben.send(SETTINGS, {"mode": "orchestrator"}).status_code == 403
    assert settings(house)["mode"] == "simple"


def test_a_foreign_page_cannot_save(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(SETTINGS)
    assert ada.send(SETTINGS, {"mode": "orchestrator", "csrf_token": None}).status_code == 400
    assert settings(house)["mode"] == "simple"


def test_if_match(house: House) -> None:
    """Over the API the version guards the whole, and without it the last writer wins column by column."""
    etag = house.ada.get("/project").headers["ETag"]
    stale = {"If-Match": etag}
    changed = house.ada.patch("/project", {"language": "de"}, headers=stale)
    assert (changed.status_code, changed.headers["ETag"] != etag) == (200, True)
    response = house.ada.patch("/project", {"mode": "orchestrator"}, headers=stale)
    assert error(response) == (412, "stale_version")
    assert response.get_json()["error"]["project"] == house.ada.get("/project").get_json()
    assert response.get_json()["error"]["by"] == "Ada"
    assert house.ada.patch("/project", {"mode": "orchestrator"}).status_code == 200
    same = house.ada.patch("/project", {"mode": "orchestrator"})
    assert same.headers["ETag"] == house.ada.get("/project").headers["ETag"], "what changes nothing adds no version"


@pytest.mark.parametrize(
    "bad",
    [{"resume_rule": "sometimes"}, {"resume_after_hours": 0}, {"resume_after_hours": "24"}, {"resume_rule": None}],
)
def test_bad_rules(house: House, bad: dict[str, object]) -> None:
    assert error(house.ada.patch("/project", bad)) == (422, "invalid")
