"""Reaching a model over HTTP: tries that are safe, endpoints in order, waits that are asked for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from responder import model
from responder.answer import ModelFailed, ModelTimeout
from responder.breaker import FAILURES_TO_OPEN, LocalBreaker
from responder.model import Model
from tests.model_server import Asked, ModelServer, Script, chunk, says
from tests.unit.responder.asking import ASKED, Keyed, ask, refuses


@pytest.fixture
def second() -> Iterator[ModelServer]:
    with ModelServer() as server:
        server.default = says("From the second.")
        yield server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr(model, "RETRY_SECONDS", 0.01)


@pytest.mark.parametrize("refusal", [refuses(429, Retry_After="0"), refuses(500), refuses(503), refuses(529)])
def test_a_refusal_is_tried_again(server: ModelServer, refusal: Script) -> None:
    server.script(refusal, refusal)
    assert ask(server).text == "Your parcel is on its way."
    assert len(server.asked) == 3


def test_a_stream_that_ends_before_its_first_word_is_tried_again(server: ModelServer) -> None:
    def resets(asked: Asked) -> None:
        asked.begin()
        asked.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        asked.handler.connection.close()

    server.script(resets)
    assert ask(server).text == "Your parcel is on its way."
    assert len(server.asked) == 2


def test_what_broke_off_after_a_word_is_not_tried_again_there(server: ModelServer, second: ModelServer) -> None:
    def cut(asked: Asked) -> None:
        asked.begin()
        asked.send(chunk({"content": "Your par"}))

    server.default = cut
    assert ask(server, second).text == "From the second."
    assert (len(server.asked), len(second.asked)) == (1, 1)


def test_a_bad_request_is_not_tried_again_and_not_held_against_the_endpoint(server: ModelServer) -> None:
    server.default = refuses(400)
    answers = Model.from_settings(Keyed(server.url))
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(ModelFailed):
            answers.ask(ASKED)
    assert len(server.asked) == 2 * FAILURES_TO_OPEN
    server.default = says("Well.")
    assert answers.ask(ASKED).text == "Well."


def test_an_endpoint_that_fails_is_left_alone(server: ModelServer, second: ModelServer) -> None:
    server.default = refuses(401)
    breaker = LocalBreaker()
    answers = Model.from_settings(Keyed(f"{server.url} {second.url}"), breaker)
    for _ in range(FAILURES_TO_OPEN + 3):
        assert answers.ask(ASKED).text == "From the second."
    assert len(server.asked) == FAILURES_TO_OPEN
    alone = Model.from_settings(Keyed(server.url), breaker)
    with pytest.raises(ModelFailed, match="left alone"):
        alone.ask(ASKED)


def test_a_wait_longer_than_the_deadline_is_not_waited(server: ModelServer, second: ModelServer) -> None:
    server.default = refuses(429, Retry_After="3600")
    began = time.monotonic()
    assert ask(server, second, model_total_seconds=60).text == "From the second."
    assert time.monotonic() - began < 30, "neither the hour nor the time that there is"
    assert len(server.asked) == 1


def test_what_retry_after_asks_for_is_waited(server: ModelServer) -> None:
    server.script(refuses(429, Retry_After="1"))
    began = time.monotonic()
    assert ask(server, model_total_seconds=60).text == "Your parcel is on its way."
    assert 1 <= time.monotonic() - began < 30


def test_a_turn_that_is_stopped_does_not_wait_for_another_try(server: ModelServer) -> None:
    server.script(refuses(429, Retry_After="60"))

    def stop(_text: str) -> None:
        raise KeyError("stopped")

    with pytest.raises(KeyError):
        Model.from_settings(Keyed(server.url, model_total_seconds=300)).ask(ASKED, on_text=stop)


def test_a_server_that_is_not_there_is_a_failure_and_one_that_hangs_a_timeout(server: ModelServer) -> None:
    with pytest.raises(ModelFailed) as failed:
        Model.from_settings(Keyed("http://127.0.0.1:1/v1")).ask(ASKED)
    assert not isinstance(failed.value, ModelTimeout)
    server.hold()
    with pytest.raises(ModelTimeout):
        ask(server, model_first_token_seconds=0.5)
    server.release()
