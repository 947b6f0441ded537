"""Whatever JSON comes in a stream is an answer or a failure, and its tokens are counted with care."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.answer import ModelFailed
from responder.endpoint import Endpoint, Limits
from responder.model import Model
from responder.stream import Collected
from tests.model_server import Asked, ModelServer
from tests.unit.responder.asking import ASKED, ask

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "content": JSON,
        "tool_calls": JSON | st.lists(st.fixed_dictionaries({"index": JSON, "id": JSON, "function": JSON}), max_size=2),
    },
)
CHUNK = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "model": JSON,
        "usage": JSON | st.fixed_dictionaries({"prompt_tokens": JSON, "completion_tokens": JSON}),
        "choices": JSON
        | st.lists(st.fixed_dictionaries({"index": JSON, "delta": DELTA | JSON, "finish_reason": JSON}), max_size=2),
    },
)


@given(st.lists(CHUNK | JSON, max_size=4))
@settings(max_examples=60)
def test_any_json_in_a_stream_is_an_answer_or_a_failure(chunks: list[Any]) -> None:
    """Through the SDK's own parsing; what is recorded of the call can always be stored."""
    lines = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks) + "data: [DONE]\n\n"

    def speak(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=lines.encode())

    endpoint = Endpoint.at("http://fake.invalid/v1", "fake", "none", httpx2.MockTransport(speak))
    try:
        answer = Model([endpoint], Limits(1, 1, 2)).ask(ASKED)
    except ModelFailed:
        return
    usage = answer.usage
    assert 0 <= usage.prompt_tokens < 2**31
    assert 0 <= usage.completion_tokens < 2**31
    assert usage.model is None or ("\x00" not in usage.model and len(usage.model) <= 200)
    assert all(isinstance(call.name, str) and isinstance(call.arguments, str) for call in answer.calls)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a":' * 50_000])
def test_what_is_nested_without_end_is_a_failure(server: ModelServer, line: str) -> None:
    def nests(asked: Asked) -> None:
        asked.begin()
        asked.raw(f"data: {line}\n\n".encode())

    server.default = nests
    with pytest.raises(ModelFailed):
        ask(server)


def test_nothing_compressed_is_asked_for_or_read(server: ModelServer) -> None:
    """A small answer could be any number of words, all of them in memory before one is counted."""

    def compressed(asked: Asked) -> None:
        assert asked.handler.headers["Accept-Encoding"] == "identity"
        asked.begin(Content_Encoding="gzip")
        asked.raw(gzip.compress(b"data: " + b"0" * 1_000_000))

    server.default = compressed
    with pytest.raises(ModelFailed, match="compressed"):
        ask(server)


def test_tokens_are_counted() -> None:
    collected = Collected()
    for said, counted in ((5, 5), (-1, 0), (10**30, 10_000_000), ("7", 0), (None, 0), (1.5, 0)):
        collected.add(SimpleNamespace(usage=SimpleNamespace(prompt_tokens=said, completion_tokens=said), choices=[]))
        assert (collected.prompt_tokens, collected.completion_tokens) == (counted, counted)
