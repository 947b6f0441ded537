"""Snippets over the API, which managers make, change and forget, and everybody sees the use of."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from inbox import snippets
from inbox.services import Services
from jobs import context
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name

PAGE = "/settings/snippets"


def make(house: House, title: str = "Returns", content: str = "Within 30 days.") -> dict[str, Any]:
    response = house.ada.post("/snippets", {"title": title, "content": content})
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def titles(house: House, query: str = "") -> list[str]:
    return [item["title"] for item in house.ben.get(f"/snippets{query}").get_json()["items"]]


def test_the_list_in_pages(house: House, other_house: House) -> None:
    for at in (house, house, house, other_house):
        make(at)
    page = house.ben.get("/snippets?limit=2").get_json()
    rest = house.ben.get(f"/snippets?limit=2&cursor={page['next_cursor']}").get_json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    ids = [item["id"] for item in page["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert error(house.ben.get("/snippets?cursor=x")) == (422, "invalid")


def test_search(house: House) -> None:
    make(house, "Returns", "Within 30 days, 100% of the price.")
    make(house, "Shipping", "Free_of charge.")
    assert titles(house, "?q=30 DAYS") == ["Returns"]
    assert titles(house, "?q=ship") == ["Shipping"]
    assert titles(house, "?q=0%25 of") == ["Returns"]
    assert titles(house, "?q=%25") == ["Returns"], "a percent sign is no wildcard"
    assert titles(house, "?q=_") == ["Shipping"]
    assert titles(house, "?q=nowhere") == []


def test_create(house: House) -> None:
    made = make(house, "  Returns \n of boots ", "Within 30 days.")
    assert (made["title"], made["version"], made["changed_by"]) == ("Returns of boots", 1, "Ada")
    response = house.ben.get(f"/snippets/{made['id']}")
    assert (response.get_json(), response.headers["ETag"]) == (made, '"1"')
    key = {"Idempotency-Key": "once"}
    twice = [house.ada.post("/snippets", {"title": "A", "content": "b"}, headers=key).get_json() for _ in range(2)]
    assert twice[0] == twice[1]
    assert titles(house).count("A") == 1


def test_edit(house: House) -> None:
    made = make(house)
    path = f"/snippets/{made['id']}"
    response = house.ada.patch(path, {"content": "Within 60 days."}, headers={"If-Match": '"1"'})
    assert response.headers["ETag"] == '"2"'
    assert response.get_json().items() >= {"title": "Returns", "content": "Within 60 days.", "version": 2}.items()
    stale = house.ada.patch(path, {"title": "Stale"}, headers={"If-Match": '"1"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["snippet"] == response.get_json() == house.ada.get(path).get_json()
    assert house.ada.patch(path, {"title": "Returns"}).get_json()["version"] == 2, "nothing changed, no version"
    assert house.ada.patch(path, {}).get_json()["version"] == 2


def test_delete(house: House) -> None:
    path = f"/snippets/{make(house)['id']}"
    assert error(house.ada.call("DELETE", path, headers={"If-Match": '"7"'})) == (412, "stale_version")
    response = house.ada.call("DELETE", path, headers={"If-Match": '"1"'})
    assert (response.status_code, response.data) == (204, b"")
    for call in (house.ada.get(path), house.ada.patch(path, {"title": "x"}), house.ada.call("DELETE", path)):
        assert error(call) == (404, "not_found")


@pytest.mark.parametrize(
    "bad",
    [
        {"title": "", "content": "x"}, {"title": " \n", "content": "x"}, {"title": "x", "content": ""},
        {"title": "x", "content": " "}, {"title": "x" * 201, "content": "x"}, {"title": "x", "content": "x" * 10_001},
        {"title": "\x00", "content": "x"}, {"title": "x", "content": "\ud800"}, {"title": 1, "content": "x"},
        {"title": None, "content": "x"}, {"title": "x"}, {"content": "x"},
    ],
)  # fmt: skip
def test_bad_snippets(house: House, bad: dict[str, Any]) -> None:
    assert error(house.ada.post("/snippets", bad)) == (422, "invalid")
    path = f"/snippets/{make(house)['id']}"
    if len(bad) == 2:
        assert error(house.ada.patch(path, bad)) == (422, "invalid")
    assert error(house.ada.patch(path, {"version": 3})) == (422, "unknown_field")


def test_agents_read_and_managers_write(house: House, other_house: House) -> None:
    made = make(house)
    path = f"/snippets/{made['id']}"
    for call in (
        house.ben.post("/snippets", {"title": "x", "content": "y"}),
        house.ben.patch(path, {"title": "x"}),
        house.ben.call("DELETE", path),
    ):
        assert error(call) == (403, "forbidden")
    assert house.ben.get(path).get_json() == made
    for method, where in (("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/uses")):
        more = {"json": {"title": "x"}} if method == "PATCH" else {}
        assert error(other_house.ada.call(method, where, **more)) == (404, "not_found")
    assert house.ben.get(path).get_json() == made


def answered(house: House, queue: ListQueue, here: Context, words: str) -> None:
    """A visitor's question with the reply of the offline responder."""
    house.visit(words, name="Leila")
    turns.run(here, queue.turns[-1])


@pytest.fixture
def here(settings: Any) -> Any:
    """A worker with the offline responder."""
    here = context.build(settings)
    yield here
    here.engine.dispose()


def test_what_a_snippet_was_used_for(
    house: House, other_house: House, sit: Sit, turn_queue: ListQueue, here: Context
) -> None:
    made = make(house, "Returning boots", "Boots can be returned within 30 days.")
    unused = make(house, "Opening hours", "Nine to five.")
    for words in ("Can I return boots?", "How do I return my boots?"):
        answered(house, turn_queue, here, words)
    items = house.ben.get(f"/snippets/{made['id']}/uses").get_json()["items"]
    assert [item["content"] for item in items] == [items[0]["content"]] * 2
    assert items[0]["message_id"] > items[1]["message_id"]
    assert house.ben.get(f"/snippets/{unused['id']}/uses").get_json() == {"items": [], "next_cursor": None}
    first = house.ben.get(f"/snippets/{made['id']}/uses?limit=1").get_json()
    rest = house.ben.get(f"/snippets/{made['id']}/uses?limit=1&cursor={first['next_cursor']}").get_json()
    assert first["items"] + rest["items"] == items
    ben = sit(house.ben)
    assert "Cited in 2 replies" in shown(ben.open(PAGE))
    page = ben.open(f"{PAGE}/{made['id']}")
    for item in items:
        link = f"/conversations/{item['conversation_id']}?view=all#message-{item['message_id']}"
        assert f'href="{link}"' in page
        assert f'id="message-{item["message_id"]}"' in ben.open(link)
    assert "No reply has cited it yet." in ben.open(f"{PAGE}/{unused['id']}")
    house.ada.call("DELETE", f"/snippets/{made['id']}")
    conversation = house.ada.get(f"/conversations/{items[0]['conversation_id']}/messages").get_json()["items"]
    assert conversation[-1]["citations"][0]["title"] == "Returning boots", "a reply keeps what it cited"


def test_the_queries_use_their_indexes(crowded: People) -> None:
    with crowded.services.database.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO message (project_id, conversation_id, author, content, details)
                SELECT project_id, id, 'responder', 'x', jsonb_build_object('citations', jsonb_build_array(
                    jsonb_build_object('snippet_id', id, 'title', 'x'))) FROM conversation"""
            )
        )
    with crowded.services.reading() as connection:
        connection.execute(text("ANALYZE"))
        parameters = {"project": crowded.project_id, "before": 2**62, "limit": 20}
        assert scanned(connection, snippets.USES, snippet=7, **parameters) == set()
        statement = text(snippets.LISTED.format(more=""))
        assert scanned(connection, statement, counted=100, **parameters) == set()


def test_a_plan_that_was_overtaken_changes_nothing(house: House, services: Services, people: People) -> None:
    """The statement itself asks for the version that the plan saw."""
    with services.statement() as writing:
        made = snippets.create(writing.connection, people.ana, "Returns", "Within 30 days.")
        from inbox.importing import Section

        planned = snippets.plan(writing.connection, people.project_id, [Section(1, "Returns", "Within 60 days.")])
        snippets.edit(writing.connection, people.ana, made["id"], {"content": "Within 45 days."})
        assert snippets.bring_in(writing.connection, people.ana, planned) == (0, 0)
        assert snippets.find(writing.connection, people.project_id, made["id"])["content"] == "Within 45 days."
