"""Requests made up from the API's document, valid and not: no 5xx, and only answers that the document allows.

Event streams do not end and are left to test_events.py.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import text

from inbox.api.openapi import document
from inbox.services import Services
from tests.integration.callers import House
from tests.people import WORKFLOW

EXAMPLES = 12  # for each operation and mode
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
# A cursor is opaque, and text must be storable: a schema cannot say which one is good, so a good one may be refused.
NOT_SAID: Any = [positive_data_acceptance]
LARGEST = 2**63 - 1
TABLES = ("conversation", "snippet", "visitor", "webhook", "webhook_delivery")
STREAMS = ("/api/v1/events", "/api/v1/widget/events")


@pytest.fixture
def tokens(house: House, services: Services) -> dict[str, str]:
    """A token for each security scheme."""
    visitor = house.visit("Where is my order?")
    with services.database.begin() as connection:  # a token that ends itself would leave nobody to ask on
        connection.execute(text("UPDATE api_token SET id = id + 1000000"))
    return {"agentToken": str(house.ada.token), "visitorToken": str(visitor.token)}


@pytest.fixture
def surface(app: Flask, house: House, other_house: House, tokens: dict[str, str], services: Services) -> Any:
    """The document, with ids in its paths that are there, another project's, and nobody's."""
    house.ada.call("PUT", "/workflow", json=WORKFLOW)
    house.ada.post("/snippets", {"title": "Returns", "content": "Within 30 days."})
    house.ada.post("/tool-hosts", {"host": "api.invalid"})
    house.ada.post("/tools", {"name": "lookup", "description": "Looks it up.", "url": "https://api.invalid/"})
    hook = house.ada.post("/webhooks", {"url": "https://example.com", "events": ["draft.updated"]}).get_json()["id"]
    house.ada.post(f"/webhooks/{hook}/test")
    other_house.visit("Secret")
    told = document(app)
    told["paths"] = {path: methods for path, methods in told["paths"].items() if path not in STREAMS}
    with services.reading() as connection:
        found = [connection.execute(text(f"SELECT id FROM {name}")).scalars().all() for name in TABLES]
    ids = sorted({LARGEST, *(one for ids in found for one in ids)})
    for methods in told["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"type": "integer", "enum": ids}
    schema = schemathesis.openapi.from_dict(told, config=SchemathesisConfig(seed=1))
    schema.app = app
    return schema


@pytest.mark.timeout(600)  # some 2,000 requests
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_described(surface: Any, tokens: dict[str, str], mode: GenerationMode) -> None:
    operations = [result.ok() for result in surface.get_all_operations()]
    told = [_ask(operation, tokens, mode) for operation in operations]
    problems = [problem for _, found in told for problem in found]
    assert not problems, "\n\n".join(problems)
    assert sum(asked for asked, _ in told) > 5 * len(operations)


def _ask(operation: Any, tokens: dict[str, str], mode: GenerationMode) -> tuple[int, list[str]]:
    """Send made-up requests to one operation; returns how many, and what was wrong with the answers."""
    names = [name for needed in operation.definition.raw["security"] for name in needed]
    headers = {"Authorization": f"Bearer {tokens[names[0]]}"} if names else {}
    asked, problems = 0, []

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        nonlocal asked
        asked += 1
        case.call_and_validate(headers=headers, excluded_checks=NOT_SAID)

    with suppress(Unsatisfiable):  # nothing about such a request can be wrong
        try:
            ask()
        except BaseExceptionGroup as group:
            problems = [f"{operation.label}: {one}" for one in group.exceptions]
    return asked, problems
