"""What does not fit a JSON Schema, in words that a page can say in another language."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from responder.faults import Fault, of_arguments, of_schema

SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string", "maxLength": 3}, "how": {"enum": ["fast", "slow"]}},
    "required": ["order"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "order is missing"),
        ({"order": 7}, "order must be of the type string"),
        ({"order": "A", "how": "now"}, "how must be one of fast, slow"),
        ({"order": "A", "colour": "red"}, "it takes no other arguments than order, how"),
        ({"order": "12345"}, "order does not fit its rule maxLength 3"),
    ],
)
def test_arguments(given: dict[str, Any], words: str) -> None:
    (error,) = Draft202012Validator(SCHEMA).iter_errors(given)
    assert of_arguments(error) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"properties": {"order": {"type": "strin"}}}, "is no JSON Schema: properties.order.type cannot be strin"),
        ({"required": "order"}, "is no JSON Schema: required cannot be order"),
    ],
)
def test_schemas(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(SchemaError) as raised:
        Draft202012Validator.check_schema(schema)
    assert of_schema(raised.value) == words


def test_a_percent_sign_that_was_typed_is_left_alone() -> None:
    assert Fault("%(name)s is missing", name="100%d") == "100%d is missing"
    assert Fault("100%d") == "100%d"
