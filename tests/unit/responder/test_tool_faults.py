"""What is wrong with a tool or a host, by field; any text is judged and raises nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.tool_faults import faults_of, hosts_of, schema_fault, url_fault
from tests.tool_server import HOST

GOOD: dict[str, Any] = {
    "name": "order_status", "url": f"https://{HOST}/orders", "parameters": {"type": "object"}, "header_name": "X-Key",
    "header_value": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("name", "1st"), ("name", "has space"), ("name", "x" * 65), ("name", "add_note"), ("name", "add_visitor_note"),
        ("name", "route_decision"), ("name", ""),
        ("url", "ftp://api.example.com/"), ("url", "api.example.com"), ("url", "https://a:b@api.example.com/"),
        ("url", "https://api.example.com/#x"), ("url", "https://other.example.com/"), ("url", "https:///x"),
        ("url", "https://api.example.com.evil.com/"), ("url", "https://api.example.com:0/"), ("url", "http://[::1"),
        ("parameters", {"type": "array"}), ("parameters", {"type": "object", "properties": []}),
        ("parameters", {"type": "object", "properties": {"x": {"$ref": "http://x/"}}}),
        ("parameters", {"type": "object", "properties": {"x": {"pattern": "(a+)+$"}}}),
        ("parameters", {"type": "object", "properties": {"x": {"type": "thing"}}}),
        ("header_name", "Host"), ("header_name", "content-length"), ("header_name", "X Key"), ("header_name", "X:Y"),
        ("header_name", "Tandem-Project-Id"), ("header_name", ""),
        ("header_value", "a\r\nX-Other: b"), ("header_value", "ü"),
        ("header_value", " x"), ("header_value", "x" * 4097),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(field: str, bad: Any) -> None:
    assert faults_of(GOOD, [HOST]) == {}
    assert list(faults_of(GOOD | {field: bad}, [HOST])) == [field]


def test_a_property_may_have_any_name() -> None:
    assert schema_fault({"type": "object", "properties": {"pattern": {"type": "string"}, "$ref": {}}}) is None
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(30):
        deep = {"type": "object", "properties": {"x": deep}}
    assert "nested" in str(schema_fault(deep))


@pytest.mark.parametrize(
    ("given_host", "stored"),
    [
        ("API.Example.com ", HOST),
        (f"{HOST}.", HOST),
        ("bücher.example", "xn--bcher-kva.example"),
        ("8.8.8.8", "8.8.8.8"),
    ],
)
def test_hosts(given_host: str, stored: str) -> None:
    assert hosts_of([given_host]) == ([stored], None)


@pytest.mark.parametrize(
    "bad", ["", "a b", "https://x.example", "x.example/path", "x.example:80", "u@x.example", "*.x"]
)
def test_what_is_no_host(bad: str) -> None:
    assert hosts_of([bad])[1] is not None


@given(st.text(max_size=80))
def test_any_text_is_judged_and_raises_nothing(text: str) -> None:
    url_fault(text)
    hosts_of([text])
    faults_of(GOOD | {"name": text, "url": text, "header_name": text, "header_value": text}, [HOST])
