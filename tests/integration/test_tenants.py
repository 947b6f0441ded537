"""I8: no one reads or changes another project's data, by any route."""

from __future__ import annotations

from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import House, error


def test_nothing_of_another_project_is_listed(house: House, other_house: House, services: Services) -> None:
    foreign = other_house.visit("Secret", name="Zed").conversation_id
    house.visit("Mine")
    for query in ("", "?q=Secret", "?q=Zed", "?assignee=none", "?status=open"):
        items = house.ada.get(f"/conversations{query}").get_json()["items"]
        assert foreign not in {item["id"] for item in items}
    assert error(house.ada.get(f"/conversations?assignee={other_house.ben.id}")) == (422, "invalid")


def test_one_agent_in_two_projects_sees_the_one_of_the_token(
    house: House, other_house: House, services: Services
) -> None:
    with services.database.begin() as connection:
        statement = text("INSERT INTO membership (project_id, agent_id) VALUES (:project, :agent)")
        connection.execute(statement, {"project": other_house.project_id, "agent": house.ada.id})
    foreign = other_house.visit("Secret").conversation_id
    assert error(house.ada.get(f"/conversations/{foreign}")) == (404, "not_found")
    assert house.ada.get("/project").get_json()["id"] == house.project_id


def test_a_token_ends_with_the_membership(house: House, services: Services) -> None:
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM membership WHERE agent_id = :agent"), {"agent": house.ben.id})
    assert error(house.ben.get("/me")) == (401, "unauthorized")


def test_a_token_expires(house: House, services: Services) -> None:
    with services.database.begin() as connection:
        connection.execute(text("UPDATE api_token SET expires_at = now() WHERE agent_id = :id"), {"id": house.ben.id})
    assert error(house.ben.get("/me")) == (401, "unauthorized")


def test_a_visitor_sees_one_conversation(house: House) -> None:
    first, second = house.visit("One"), house.visit("Two")
    assert [m["content"] for m in first.get("/widget/messages").get_json()["items"]] == ["One"]
    first.post("/widget/messages", {"content": "Three"})
    assert [m["content"] for m in second.get("/widget/messages").get_json()["items"]] == ["Two"]


def test_secrets_are_stored_as_digests(house: House, services: Services) -> None:
    visitor = house.visit("Hello")
    with services.reading() as connection:
        for table in ("api_token", "visitor_session", "agent"):
            stored = " ".join(str(row) for row in connection.execute(text(f"SELECT {table}::text FROM {table}")))
            assert str(house.ada.token) not in stored
            assert str(visitor.token) not in stored
        hashes = connection.execute(text("SELECT password_hash FROM agent")).scalars().all()
    assert all(one.startswith("$argon2id$") for one in hashes)
