"""The audit log: what it holds, that it counts with its act, and that nobody can rewrite it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from inbox import audit, labels
from inbox.audit import Wanted
from tests.integration.callers import House
from tests.people import People


def entries(people: People, **wanted: Any) -> list[dict[str, Any]]:
    with people.services.reading() as connection:
        return [dict(row) for row in audit.listed(connection, people.project_id, Wanted(**wanted))]


def test_an_entry_counts_with_its_act(people: People) -> None:
    with people.services.transaction() as writing:
        audit.record(writing.connection, people.ana, "export", "conversations", {"rows": 7})
    with suppress(RuntimeError), people.services.transaction() as writing:
        audit.record(writing.connection, people.ana, "export", "snippets")
        raise RuntimeError
    (entry,) = entries(people)
    assert (entry["kind"], entry["actor_id"], entry["actor_name"]) == ("export", people.ana.id, "Ana")
    assert (entry["subject"], entry["data"]) == ("conversations", {"rows": 7})


def test_an_entry_alone_is_refused(people: People) -> None:
    with people.services.statement() as writing, pytest.raises(AssertionError, match="transaction"):
        audit.record(writing.connection, people.ana, "export")


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET kind = 'x'", "DELETE FROM audit_entry"])
def test_nobody_rewrites_it(people: People, statement: str) -> None:
    with people.services.transaction() as writing:
        audit.record(writing.connection, people.ana, "export")
    with pytest.raises(DBAPIError, match="append-only"):
        people.behind_the_back(statement)
    assert len(entries(people)) == 1
    people.behind_the_back("DELETE FROM conversation")
    people.behind_the_back("DELETE FROM visitor")
    people.behind_the_back("DELETE FROM project WHERE id = :project", project=people.project_id)
    assert entries(people) == [], "they go with their project"


def test_filters_and_pages(people: People) -> None:
    for number in range(5):
        with people.services.transaction() as writing:
            audit.record(writing.connection, people.ana, "export", str(number))
    with people.services.transaction() as writing:
        audit.record(writing.connection, people.ben, "signed_in")
    assert [one["subject"] for one in entries(people, kind="export", limit=2)] == ["4", "3"]
    third = entries(people, kind="export", limit=2)[-1]["id"]
    assert [one["subject"] for one in entries(people, kind="export", before=third)] == ["2", "1", "0"]
    assert [one["kind"] for one in entries(people, actor_id=people.ben.id)] == ["signed_in"]
    with people.services.reading() as connection:
        assert audit.kinds(connection, people.project_id) == ["export", "signed_in"]
        assert audit.kinds(connection, people.project_id + 1) == []


def test_settings_with_old_and_new(house: House) -> None:
    house.ada.patch("/project", {"language": "de", "mode": "simple"})
    with house.app.extensions["tandem"].services.reading() as connection:
        (entry,) = audit.listed(connection, house.project_id, Wanted())
    assert (entry["kind"], entry["actor_name"]) == ("settings_changed", "Ada")
    assert entry["data"] == {"changed": {"language": {"from": "", "to": "de"}}}


def test_a_workflow_that_was_saved(house: House) -> None:
    nodes = [{"id": "start", "type": "start"}, {"id": "a", "type": "llm", "data": {}}]
    workflow = {"nodes": nodes, "edges": [{"source": "start", "target": "a"}]}
    assert house.ada.call("PUT", "/workflow", json=workflow).status_code == 200
    with house.app.extensions["tandem"].services.reading() as connection:
        (entry,) = audit.listed(connection, house.project_id, Wanted())
    assert (entry["kind"], entry["subject"]) == ("workflow_saved", "version 1")


def test_knowledge_and_canned_replies(house: House) -> None:
    for path, body, change in (
        ("/snippets", {"title": "Returns", "content": "30 days."}, {"title": "Returning"}),
        ("/canned-replies", {"shortcut": "hello", "content": "Hello!"}, {"content": "Hello."}),
    ):
        made = house.ada.post(path, body)
        assert made.status_code == 201, made.text
        number = made.get_json()["id"]
        assert house.ada.patch(f"{path}/{number}", change).status_code == 200
        assert house.ada.patch(f"{path}/{number}", change).status_code == 200, "as it is: no entry"
        assert house.ada.call("DELETE", f"{path}/{number}").status_code == 204
    entries = house.ada.get("/audit").get_json()["items"]
    assert [(one["kind"], one["subject"]) for one in reversed(entries)] == [
        ("snippet_created", "Returns"), ("snippet_changed", "Returning"), ("snippet_deleted", "Returning"),
        ("canned_reply_created", "hello"), ("canned_reply_changed", "hello"), ("canned_reply_deleted", "hello"),
    ]  # fmt: skip


def test_labels_everywhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry for a rename that takes several calls, none for one that changes nothing."""
    monkeypatch.setattr(labels, "MOST_AT_ONCE", 1)
    for _ in range(2):
        house.ben.patch(f"/conversations/{house.visit('Hello').conversation_id}", {"labels": ["order"]})
    house.ada.call("PUT", "/labels/colour", json={"name": "order", "colour": "red"})
    house.ada.call("PUT", "/labels/colour", json={"name": "order", "colour": None})
    for _ in range(3):
        house.ada.patch("/labels", {"name": "order", "new_name": "orders"})
    house.ada.post("/labels/remove", {"name": "orders"})
    entries = reversed(house.ada.get("/audit").get_json()["items"])
    assert [(one["kind"], one["subject"], one["data"]) for one in entries] == [
        ("label_coloured", "order", {"colour": "red"}),
        ("label_uncoloured", "order", {}),
        ("label_renamed", "order", {"to": "orders"}),
        ("label_removed", "orders", {}),
    ]
