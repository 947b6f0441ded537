"""What a model may say in a tool's arguments: whatever can be kept and shown, and nothing that goes on for ever."""

from __future__ import annotations

import json

import pytest

from responder.tools import LARGEST_NUMBER, TOOLS, BadCall, arguments_of

REMEMBER = TOOLS["set_visitor_attribute"]


@pytest.mark.parametrize("value", ["7", "-2.5", "true", '"pro"', str(LARGEST_NUMBER), json.dumps("x" * 1000)])
def test_a_fact(value: str) -> None:
    assert arguments_of(REMEMBER, f'{{"name": "size", "value": {value}}}') == {
        "name": "size",
        "value": json.loads(value),
    }


@pytest.mark.parametrize(
    "value",
    [
        "9" * 4000, "-" + "9" * 4000, "9" * 5000, "1e300", "-1e300", "1e999", "NaN", "-Infinity",
        "10000000000000000000", "null", "{}", "[1]", '"\\u0000"', '"\\ud800"', json.dumps("x" * 1001),
        "[" * 3000 + "]" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_fact(value: str) -> None:
    with pytest.raises(BadCall):
        arguments_of(REMEMBER, f'{{"name": "size", "value": {value}}}')
