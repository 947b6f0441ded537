"""Why a call came to nothing is said in the reader's language."""

from __future__ import annotations

import ast
from pathlib import Path

from flask import Flask

from inbox import language
from inbox.pages.call_words import KNOWN, of_call

ROOT = Path(__file__).resolve().parents[3]


def told(path: str) -> set[str]:
    """The faults that a module names whole."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ToolFailed":
            found.append(node.args[0])
        elif isinstance(node, ast.Assign) and "fault" in {getattr(target, "id", "") for target in node.targets}:
            found.append(node.value)
    return {one.value for one in found if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_what_modules_tell_is_known() -> None:
    posted, called = told("jobs/posting.py"), told("responder/http_tools.py")
    assert "Its server could not be reached." in posted
    assert "its server could not be reached" in called
    assert posted | called <= KNOWN | {"its server sent a compressed answer, which was not asked for"}


def test_in_vietnamese() -> None:
    app = Flask(__name__)
    language.register(app)
    with app.test_request_context(headers={"Accept-Language": "vi"}):
        assert of_call("its server answered 503") == "máy chủ của nó trả lời 503"
        assert of_call("Not sent: 100% unknown.") == "Not sent: 100% unknown."
