"""Who am I, the project's settings, its workflow and its knowledge."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import Caller, House, error


def test_me(house: House) -> None:
    assert house.ben.get("/me").get_json() == {
        "id": house.ben.id,
        "name": "Ben",
        "email": f"Ben.{house.project_id}@example.com",
        "role": "agent",
        "project_id": house.project_id,
        "scope": "full",
    }
    assert error(Caller(house.app).get("/me")) == (401, "unauthorized")


def test_settings(house: House) -> None:
    before = house.ben.get("/project").get_json()
    assert before["key"] == house.key
    wanted = {
        "responder_enabled": False, "mode": "orchestrator", "answers_when": "unassigned", "on_assignment": "park",
        "instructions": "Be kind.", "language": "de", "cap_tokens_visitor_hour": 20_000, "cap_tokens_day": 1_000_000,
    }  # fmt: skip
    assert before.keys() >= wanted.keys()
    response = house.ada.patch("/project", wanted)
    assert response.status_code == 200
    assert response.get_json() == before | wanted
    assert house.ada.patch("/project", {"language": ""}).get_json()["instructions"] == "Be kind."
    assert house.ada.patch("/project", {}).get_json()["mode"] == "orchestrator"


def test_only_managers_change_settings(house: House, other_house: House) -> None:
    assert error(house.ben.patch("/project", {"mode": "simple"})) == (403, "forbidden")
    other_house.ada.patch("/project", {"instructions": "Elsewhere"})
    assert house.ada.get("/project").get_json()["instructions"] == ""


@pytest.mark.parametrize(
    "bad",
    [
        {"responder_enabled": 1}, {"responder_enabled": None}, {"mode": "auto"}, {"mode": "simple\n"}, {"mode": None},
        {"answers_when": "never"}, {"on_assignment": ""}, {"instructions": "\x00"}, {"instructions": "x" * 10_001},
        {"language": "x" * 65}, {"cap_tokens_day": -1}, {"cap_tokens_day": 10**9 + 1}, {"cap_tokens_visitor_hour": "5"},
        {"cap_tokens_visitor_hour": None}, {"cap_tokens_day": 1.5}, {"cap_tokens_day": True},
    ],
)  # fmt: skip
def test_bad_settings(house: House, bad: dict[str, Any]) -> None:
    before = house.ada.get("/project").get_json()
    assert error(house.ada.patch("/project", bad)) == (422, "invalid")
    assert house.ada.get("/project").get_json() == before


def test_unknown_settings(house: House) -> None:
    for name in ("key", "id", "workflow_version"):
        assert error(house.ada.patch("/project", {name: 1})) == (422, "unknown_field")


def test_workflow(house: House, services: Services) -> None:
    assert error(house.ada.get("/workflow")) == (404, "not_found")
    with services.database.begin() as connection:
        statement = text("INSERT INTO workflow (project_id, version, definition) VALUES (:id, 1, '{\"nodes\": []}')")
        connection.execute(statement, {"id": house.project_id})
        connection.execute(text("UPDATE project SET workflow_version = 1 WHERE id = :id"), {"id": house.project_id})
    response = house.ben.get("/workflow")
    assert response.headers["ETag"] == '"1"'
    assert response.get_json()["version"] == 1
