"""The limit on a whole call of a model holds, however a server drips, and is gone after the call."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from responder import deadline
from responder.answer import ModelFailed
from responder.model import Model
from tests.door import Door
from tests.model_server import ModelServer, chunk
from tests.unit.responder.asking import ASKED, Impatient


class Raw(Door):
    """A server that speaks bytes, one at a time if it likes."""

    def __init__(self, speak: Callable[[socket.socket, threading.Event], None]) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._over = threading.Event()
        self._speak = speak

    def __exit__(self, *why: object) -> None:
        self._over.set()
        super().__exit__(*why)

    def take(self, client: socket.socket) -> None:
        """Speak to whoever has asked."""
        with client, suppress(OSError):
            client.recv(65_536)
            self._speak(client, self._over)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def drips(first: bytes, again: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def speak(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(0.05):
            connection.sendall(again)

    return speak


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (b"HTTP/1.1 200 OK\r\nX: ", b"y"), (HEAD, b": still here\n\n"),
        (HEAD, b"x"), (HEAD + b"data: ", b" "), (HEAD, b"data: {}\n\n"),
        (HEAD + f"data: {json.dumps(chunk({'content': 'Hm'}))}\n\n".encode(), b": still here\n"),
        (HEAD + f"data: {json.dumps(chunk({'content': 'Hm'}))}\n\n".encode(), b"x"),
    ],
)  # fmt: skip
def test_no_drip_outlasts_the_limit(first: bytes, again: bytes) -> None:
    """Headers, comments, half a line, empty events: each resets a client's own timeout, none of them the limit.

    Broken: with `lending` given no Door, every one of these waits for ever.
    """
    began = time.monotonic()
    with Raw(drips(first, again)) as raw, pytest.raises(ModelFailed):
        Model.from_settings(Impatient(raw.url)).ask(ASKED)
    assert time.monotonic() - began < 30


def test_a_line_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "MOST_BYTES", 1_000_000)

    def floods(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(HEAD + b"data: ")
        while not over.is_set():
            connection.sendall(b"x" * 65_536)

    with Raw(floods) as raw:
        patient = Impatient(raw.url, model_first_token_seconds=30, model_total_seconds=30)  # the bytes end it
        with pytest.raises(ModelFailed, match="no end"):
            Model.from_settings(patient).ask(ASKED)


def test_the_limit_is_gone_after_the_call(server: ModelServer) -> None:
    answers = Model.from_settings(Impatient(server.url, model_first_token_seconds=1.5))
    assert answers.ask(ASKED).text == "Your parcel is on its way."
    time.sleep(1.6)  # longer than the first token may take
    assert answers.ask(ASKED).text == "Your parcel is on its way."
