"""A manager saves a new workflow while conversations are on their way through the old one.

A turn goes on in the version that it began with, also in another attempt; the next turn takes the new version, from the
node where the conversation stands if that still exists, and else from the beginning, which the timeline says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from jobs import claim
from jobs import turn as turns
from jobs.context import Context
from tests.concurrency.conftest import Thinking
from tests.model_server import ModelServer
from tests.people import WORKFLOW, People


def edited(**prompts: str) -> dict[str, Any]:
    """The workflow with these nodes' prompts."""
    nodes = [
        {**node, "data": {"prompt": prompts[node["id"]]}} if node["id"] in prompts else node
        for node in WORKFLOW["nodes"]
    ]
    return {**WORKFLOW, "nodes": nodes}


def without(node_id: str) -> dict[str, Any]:
    """The workflow without that node."""
    nodes = [node for node in WORKFLOW["nodes"] if node["id"] != node_id]
    edges = [edge for edge in WORKFLOW["edges"] if node_id not in (edge["source"], edge["target"])]
    return {"nodes": nodes, "edges": edges}


def written(people: People) -> int:
    turn_id = people.visitor_writes()
    assert turn_id is not None
    return turn_id


def lapse(people: People) -> None:
    people.behind_the_back("UPDATE turn SET lease_until = clock_timestamp() - interval '1 second'")


def killed_in_the_old_version(people: People) -> int:
    """A worker has claimed the turn and died; a manager has saved another version since."""
    people.use_workflow(WORKFLOW)
    turn_id = written(people)
    with people.services.statement() as writing:
        assert claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3) is not None
    people.use_workflow(edited(order="Say that orders are closed."))
    lapse(people)
    return turn_id


def test_another_attempt_goes_on_in_the_version_that_the_turn_began_with(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    turn_id = killed_in_the_old_version(people)
    turns.run(worker, turn_id)
    assert "Help with the order." in model_server.asked[-1].text
    assert people.turns()[0]["workflow_version"] == 1
    assert people.conversation()["metadata"]["workflowState"] == {"currentNodeId": "after", "workflowVersion": 1}


@contextmanager
def unpinned() -> Iterator[None]:
    """Every attempt takes the newest version."""
    pinned = "COALESCE(turn.workflow_version, ("
    assert pinned in claim.CLAIM.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claim, "CLAIM", text(claim.CLAIM.text.replace(pinned, "COALESCE(NULL, (")))
        yield


def test_without_the_pin_another_attempt_would_change_horses(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    with unpinned():
        turn_id = killed_in_the_old_version(people)
        turns.run(worker, turn_id)
    assert "Say that orders are closed." in model_server.asked[-1].text


def test_a_version_saved_while_it_thinks_is_the_next_turns(
    people: People, worker: Context, model_server: ModelServer, thinking: Thinking
) -> None:
    people.use_workflow(WORKFLOW)
    turn_id = written(people)
    with thinking(turn_id):
        people.use_workflow(edited(order="Say that orders are closed.", after="Say goodbye."))
    assert "Help with the order." in model_server.asked[-1].text
    turns.run(worker, written(people))
    assert "Say goodbye." in model_server.asked[-1].text, "the node where it stands, as it is now"
    assert [turn["workflow_version"] for turn in people.turns()] == [1, 2]


def test_a_conversation_whose_node_is_gone_starts_over_and_says_so(people: People, worker: Context) -> None:
    people.use_workflow(WORKFLOW)
    turns.run(worker, written(people))
    assert people.conversation()["metadata"]["workflowState"]["currentNodeId"] == "after"
    people.use_workflow(without("after"))
    turns.run(worker, written(people))
    moves = [entry["data"] for entry in people.timeline() if entry["kind"] == "workflow_moved"]
    assert {"from": "after", "to": "ask", "route": None, "why": "node_gone"} in moves
    assert people.turns()[-1]["status"] == "landed"
    assert people.conversation()["metadata"]["workflowState"] == {"currentNodeId": None, "workflowVersion": 2}
