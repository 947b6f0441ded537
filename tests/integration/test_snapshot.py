"""What turns read before they think, and what of it they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbox.services import Services
from tests.people import WORKFLOW, People
from tests.turns import begun


def read(services: Services, definition: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The workflow that a turn reads, of a project that has just saved it."""
    people = People.arrive(services)
    people.use_workflow(definition)
    turn_id = people.visitor_writes()
    with services.statement() as writing:
        return begun(writing.connection, turn_id).snapshot.workflow


def test_turns_share_the_workflow_that_they_wait_in(services: Services) -> None:
    first = read(services, WORKFLOW)
    assert first == WORKFLOW
    assert read(services, WORKFLOW) is first
    other = {**WORKFLOW, "instructions": "Be brief."}
    assert read(services, other) == other
