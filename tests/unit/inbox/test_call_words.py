"""Why a call came to nothing is said in the reader's language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask

from inbox import language
from inbox.pages.call_words import KNOWN, NUMBER, of_call
from jobs.posting import sentence_of
from responder.outgoing import FAULTS, fault_of
from responder.public_network import Refused

ROOT = Path(__file__).resolve().parents[3]


def told(path: str) -> set[str]:
    """The faults that a module names whole."""
    calls = [node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.Call)]
    found = [call.args[0] for call in calls if getattr(call.func, "id", "") in {"ToolFailed", "Refused"} and call.args]
    return {one.value for one in found if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_what_tools_tell_is_known() -> None:
    called = told("responder/http_tools.py")
    assert "its host is not on the project's list of hosts" in called
    assert called <= KNOWN | {"its server sent a compressed answer, which was not asked for"}


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind is not Refused])
def test_what_sending_comes_to_is_known(kind: type[Exception]) -> None:
    for sentence in (fault_of(kind("…")), sentence_of(kind("…"))):
        assert NUMBER.sub("%(number)s", sentence) in KNOWN


def test_what_no_network_reaches_is_known() -> None:
    refused = told("responder/public_network.py") - {"only internet addresses are called"}
    assert refused
    assert {f"Not sent: {why}." for why in refused} | refused <= KNOWN


def test_in_vietnamese() -> None:
    app = Flask(__name__)
    language.register(app)
    with app.test_request_context(headers={"Accept-Language": "vi"}):
        assert of_call("its server answered 503") == "máy chủ của nó trả lời 503"
        assert of_call("Not sent: 100% unknown.") == "Not sent: 100% unknown."
