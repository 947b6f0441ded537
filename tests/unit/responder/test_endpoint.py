"""What a refusal asks for; a server hears nothing of this machine, and nobody hears an endpoint's key or password."""

from __future__ import annotations

import email.utils
import json
import sys
import threading
import traceback
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from responder.answer import ModelFailed
from responder.endpoint import retry_after
from responder.model import Model
from tests.model_server import Asked, ModelServer
from tests.unit.responder.asking import ASKED, Keyed, ask

NOW = datetime(2026, 1, 25, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("nan", 0.0), ("soon", None), ("", None), ("Sun, 99 Foo", None),
        (email.utils.format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (email.utils.format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Sunday, 25-Jan-26 10:00:12 GMT", 12.0), ("Sun Jan 25 10:00:12 2026", 12.0),
    ],
)  # fmt: skip
def test_retry_after(given: str, seconds: float | None) -> None:
    """Seconds, or an HTTP date in any of its three forms."""
    assert retry_after(httpx2.Headers({"retry-after": given}), NOW) == seconds


def test_no_key_and_no_password_is_said(server: ModelServer) -> None:
    def tells(asked: Asked) -> None:
        key = asked.handler.headers["Authorization"]
        asked.begin("application/json", 401)
        asked.raw(json.dumps({"error": {"message": f"Wrong: {key}"}}).encode())

    server.default = tells
    url = server.url.replace("//", "//user:hunter2@")
    with pytest.raises(ModelFailed) as failed:
        Model.from_settings(Keyed(url)).ask(ASKED)
    assert "Wrong" in str(failed.value)
    assert "canary" not in str(failed.value)
    assert "hunter2" not in str(failed.value)


def test_a_server_is_told_nothing_of_this_machine(server: ModelServer) -> None:
    told: list[str] = []

    def answers(asked: Asked) -> None:
        told.extend(asked.handler.headers)
        asked.stream({"content": "Hm"})

    server.default = answers
    ask(server)
    assert "authorization" in map(str.lower, told)
    assert [name for name in told if name.lower().startswith("x-stainless")] == []


def test_nothing_of_the_sdk_waits(server: ModelServer) -> None:
    """It would hold 7 KiB in each waiting turn."""
    server.hold()
    turn = threading.Thread(target=ask, args=(server,))
    turn.start()
    server.wait_until_asked()
    assert turn.ident is not None
    stack = [frame.filename for frame in traceback.extract_stack(sys._current_frames()[turn.ident])]
    server.release()
    turn.join()
    assert any("/httpx2/" in filename for filename in stack)
    assert not any("/openai/" in filename for filename in stack)
