"""The workflow over the API: versions that nobody loses, every problem at once, and imports."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from commands import projects
from inbox.services import Services
from tests.integration.callers import Caller, House, error

GOOD: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "ask", "type": "condition", "data": {"label": "About an order?", "prompt": "Is it about an order?"}},
        {"id": "order", "type": "llm", "data": {"prompt": "Help {{visitor.name|them}} with the order."}},
        {"id": "shop", "type": "llm", "data": {}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "target": "ask"},
        {"id": "e2", "source": "ask", "target": "order", "sourceHandle": "ask-yes"},
        {"id": "e3", "source": "ask", "target": "shop", "sourceHandle": "ask-no"},
    ],
}
# As the origin system exports it: React Flow's own fields, tools by plain names, encoded routes, tools' former names.
EXPORTED: dict[str, Any] = {
    "nodes": [
        {"id": "1", "type": "start", "position": {"x": 0, "y": 0}, "measured": {"width": 120, "height": 40}},
        {
            "id": "2", "type": "switch", "position": {"x": 0, "y": 90}, "selected": True, "dragging": False,
            "data": {"prompt": "Which?", "cases": [{"route": "Größe / 50 %", "when": "sizes"}]},
        },
        {"id": "3", "type": "action", "data": {"toolName": "add_visitor_note", "toolArgs": {"content": "asks"}}},
        {"id": "4", "type": "llm", "data": {}},
    ],
    "edges": [
        {"id": "a", "source": "1", "target": "2", "type": "smoothstep", "markerEnd": {"type": "arrow"}},
        {"id": "b", "source": "2", "target": "3", "sourceHandle": "2-Gr%C3%B6%C3%9Fe%20%2F%2050%20%25"},
        {"id": "c", "source": "2", "target": "4", "sourceHandle": "2-default"},
        {"id": "d", "source": "3", "target": "4", "sourceHandle": None},
    ],
    "globalTools": ["search_knowledge", {"name": "change_status", "enabled": False}],
    "language": "Deutsch",
    "viewport": {"x": 1, "y": 2, "zoom": 0.5},
}  # fmt: skip


def put(who: Caller, body: Any, **headers: str) -> Any:
    return who.call("PUT", "/workflow", json=body, headers=headers)


def named(words: str) -> dict[str, Any]:
    """GOOD with other instructions."""
    return {**GOOD, "instructions": words}


def test_saving_makes_versions(house: House) -> None:
    assert error(house.ada.get("/workflow")) == (404, "not_found")
    first = put(house.ada, GOOD)
    assert (first.status_code, first.headers["ETag"], first.get_json()["version"]) == (200, '"1"', 1)
    second = put(house.ada, named("Be kind."), **{"If-Match": '"1"'})
    assert second.get_json() | {"saved_at": ""} == {
        "version": 2, "workflow": named("Be kind."), "saved_at": "", "saved_by": {"id": house.ada.id, "name": "Ada"},
    }  # fmt: skip
    assert house.ben.get("/workflow").get_json() == second.get_json()
    listed = house.ben.get("/workflow/versions?limit=1").get_json()
    assert [one["version"] for one in listed["items"]] == [2]
    rest = house.ben.get(f"/workflow/versions?cursor={listed['next_cursor']}").get_json()
    assert ([one["version"] for one in rest["items"]], rest["next_cursor"]) == ([1], None)
    assert house.ben.get("/workflow/versions/1").get_json()["workflow"] == GOOD  # what was saved stays as it was
    assert house.ada.get("/project").get_json()["workflow_version"] == 2


@pytest.mark.parametrize("said", ["header", "body"])
def test_a_stale_save_is_told_both_versions(house: House, services: Services, said: str) -> None:
    put(house.ada, GOOD)
    put(house.ada, named("Ada's"), **{"If-Match": '"1"'})
    mine = named("Mine")
    stale = (
        put(house.ada, mine, **{"If-Match": '"1"'})
        if said == "header"
        else put(house.ada, {"version": 1, "workflow": mine})
    )
    assert error(stale) == (409, "stale_workflow")
    told = stale.get_json()["error"]
    assert (told["current"]["version"], told["current"]["workflow"]) == (2, named("Ada's"))
    assert told["current"]["saved_by"]["name"] == "Ada"
    assert told["yours"] == {"version": 1, "workflow": mine}
    assert house.ada.get("/workflow").get_json()["workflow"] == named("Ada's")
    assert put(house.ada, mine, **{"If-Match": '"2"'}).get_json()["version"] == 3
    # The same again, its answer lost: it is saved already.
    assert put(house.ada, mine, **{"If-Match": '"2"'}).get_json()["version"] == 3
    # But a colleague who happens to save the same is told that somebody was faster, and so is who began from older.
    with services.database.begin() as connection:
        made = projects.create_agent(connection, "cleo@example.com", project_id=house.project_id, role="manager")
    cleo = Caller(house.app, made.token)
    assert error(put(cleo, mine, **{"If-Match": '"2"'})) == (409, "stale_workflow")
    assert error(put(house.ada, mine, **{"If-Match": '"1"'})) == (409, "stale_workflow")
    for wrong in ('W/"3"', '"x"', '"99999999999999"'):
        assert error(put(house.ada, GOOD, **{"If-Match": wrong})) == (409, "stale_workflow")


def test_two_managers_at_once(house: House, services: Services) -> None:
    """Of many who save from the same version at the same moment one wins, and each loser gets the winner's words."""
    put(house.ada, GOOD)
    answers: list[Any] = [None] * 6
    ready = threading.Barrier(len(answers))

    def save(number: int) -> None:
        ready.wait()
        answers[number] = put(house.ada, named(f"of {number}"), **{"If-Match": '"1"'})

    threads = [threading.Thread(target=save, args=(number,)) for number in range(len(answers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
    winner = next(answer.get_json()["workflow"] for answer in answers if answer.status_code == 200)
    losers = [answer.get_json()["error"] for answer in answers if answer.status_code == 409]
    assert all(loser["current"]["workflow"] == winner for loser in losers)
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM workflow")).scalar_one() == 2


def test_the_first_save_is_guarded_too(house: House) -> None:
    assert put(house.ada, {"version": 0, "workflow": GOOD}).get_json()["version"] == 1
    assert error(put(house.ada, {"version": 0, "workflow": named("late")})) == (409, "stale_workflow")


def test_all_problems_at_once(house: House) -> None:
    wrong = {
        "nodes": [*GOOD["nodes"], {"id": "act", "type": "action", "data": {"toolName": "send_form", "prompt": " "}}],
        "edges": [*GOOD["edges"][:2], {"id": "e9", "source": "order", "target": "gone"}],
    }
    answer = put(house.ada, wrong)
    assert error(answer) == (422, "invalid_workflow")
    problems = answer.get_json()["error"]["problems"]
    assert {(one["code"], one["node"], one["edge"]) for one in problems} == {
        ("unknown_node", "gone", "e9"), ("missing_edge", "ask", None), ("unknown_tool", "act", None),
        ("empty_prompt", "act", None), ("unreachable", "act", None), ("unreachable", "shop", None),
    }  # fmt: skip
    assert all(one["message"] for one in problems)
    judged = house.ben.post("/workflow/validate", wrong)
    assert (judged.status_code, judged.get_json()["problems"]) == (200, problems)
    assert house.ben.post("/workflow/validate", {"workflow": GOOD}).get_json() == {"problems": []}
    assert error(house.ada.get("/workflow")) == (404, "not_found")


def test_an_export_of_the_origin_system_is_taken_as_it_is(house: House) -> None:
    assert put(house.ada, EXPORTED).status_code == 200
    assert house.ada.get("/workflow").get_json()["workflow"] == EXPORTED


@pytest.mark.parametrize(
    ("content", "tool", "codes"),
    [
        ("solved", "set_status", set()), ("closed", "change_status", {"bad_node"}),
        ("{{visitor.name}}", "assign_to", set()),
        ("", "add_note", {"bad_node"}), (7, "add_label", {"bad_node"}), ("x", "set_visitor_attribute", {"bad_node"}),
    ],
)  # fmt: skip
def test_an_actions_own_content_must_suit_its_tool(house: House, content: Any, tool: str, codes: set[str]) -> None:
    act = {"id": "act", "type": "action", "data": {"toolName": tool, "toolArgs": {"content": content}}}
    edges = [{"source": "start", "target": "act"}, {"source": "act", "target": "shop"}]
    definition = {"nodes": [GOOD["nodes"][0], act, GOOD["nodes"][3]], "edges": edges}
    answer = house.ada.post("/workflow/validate", definition)
    assert {one["code"] for one in answer.get_json()["problems"]} == codes


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([GOOD], (422, "invalid")), ("x", (422, "invalid")), ({}, (422, "invalid_workflow")),
        ({"workflow": None}, (422, "invalid_workflow")), ({"workflow": []}, (422, "invalid_workflow")),
        ({"workflow": GOOD, "version": "1"}, (422, "invalid")), ({"workflow": GOOD, "version": -1}, (422, "invalid")),
        ({"nodes": {}, "edges": 3}, (422, "invalid_workflow")),
        ({"nodes": [None, 3, {"id": []}]}, (422, "invalid_workflow")),
        ({**GOOD, "instructions": "\x00"}, (422, "invalid")), ({**GOOD, "language": "\ud800"}, (422, "invalid")),
    ],
)  # fmt: skip
def test_bad_bodies(house: House, body: Any, expected: tuple[int, str]) -> None:
    assert error(put(house.ada, body)) == expected
    assert error(house.ada.get("/workflow")) == (404, "not_found")


def test_only_managers_write_and_only_their_own(house: House, other_house: House) -> None:
    put(house.ada, GOOD)
    put(other_house.ada, named("Elsewhere"))
    assert error(put(house.ben, named("Ben's"))) == (403, "forbidden")
    assert error(house.ben.post("/workflow/try", {"message": "Hi"})) == (403, "forbidden")
    assert house.ada.get("/workflow").get_json()["workflow"] == GOOD
    assert error(house.ada.get("/workflow/versions/2")) == (404, "not_found")
    assert error(house.ada.get("/workflow/versions/x")) == (404, "not_found")
    assert error(Caller(house.app).get("/workflow")) == (401, "unauthorized")
    assert [one["version"] for one in house.ada.get("/workflow/versions").get_json()["items"]] == [1]


def test_a_position_is_moved_by_hand(house: House) -> None:
    put(house.ada, GOOD)
    conversation = house.visit("Hello").conversation_id
    moved = house.ben.post(f"/conversations/{conversation}/workflow", {"node_id": "order"})
    assert moved.get_json()["metadata"]["workflowState"] == {"currentNodeId": "order", "workflowVersion": 1}
    assert error(house.ben.post(f"/conversations/{conversation}/workflow", {"node_id": "gone"})) == (422, "invalid")
    restarted = house.ben.post(f"/conversations/{conversation}/workflow", {"node_id": None})
    assert restarted.get_json()["metadata"]["workflowState"]["currentNodeId"] is None
    texts = [one["text"] for one in house.ben.get(f"/conversations/{conversation}/timeline").get_json()["items"]]
    assert texts[-2:] == ["Ben moved the workflow to order", "Ben restarted the workflow"]
