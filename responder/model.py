"""Reaching a model: an ordered list of endpoints, of which the first that answers is the one that answered.

Owns retries, fail-over and limits on all of one call. Must not read an answer's meaning.
Safe in many threads: one client for each endpoint serves the whole process.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from responder.answer import Answer, ModelFailed
from responder.breaker import Breaker, LocalBreaker
from responder.endpoint import Endpoint, Limits, OnText, TryAgain
from responder.offline import OFFLINE_MODEL, OfflineTransport
from responder.sdk import Sdk

TRIES = 3  # of one endpoint, before its first token
RETRY_SECONDS = 0.5  # doubled each time, with jitter
LOOK_SECONDS = 0.25  # while it waits for another try, how often it looks whether the turn is still wanted
DEFAULT_URL = "https://api.openai.com/v1"


class ModelSettings(Protocol):
    """What of the settings a model needs."""

    @property
    def openai_base_url(self) -> str | None: ...
    @property
    def openai_api_key(self) -> str | None: ...
    @property
    def model(self) -> str: ...
    @property
    def model_connect_seconds(self) -> float: ...
    @property
    def model_first_token_seconds(self) -> float: ...
    @property
    def model_total_seconds(self) -> float: ...
    @property
    def think_seconds(self) -> tuple[float, float]: ...


class Model:
    """Asks the endpoints in order, but leaves those alone that the breaker does not allow."""

    def __init__(self, endpoints: Sequence[Endpoint], limits: Limits, breaker: Breaker | None = None) -> None:
        self._endpoints = list(endpoints)
        self._limits = limits
        self._breaker = breaker or LocalBreaker()

    @classmethod
    def from_settings(cls, settings: ModelSettings, breaker: Breaker | None = None) -> Model:
        """The model that the settings name; without an address or key the offline responder.

        `breaker` is what all workers know of the endpoints; the offline responder lives in this process and needs none.
        """
        limits = Limits(
            settings.model_connect_seconds, settings.model_first_token_seconds, settings.model_total_seconds
        )
        if not (settings.openai_base_url or settings.openai_api_key):
            # The offline responder's waits are the setting's own wish, so the limits leave room for them.
            longest = settings.think_seconds[1] + 60
            transport = OfflineTransport(settings.think_seconds)
            offline = Endpoint("offline", OFFLINE_MODEL, Sdk("http://offline.invalid/v1", "offline", transport))
            return cls([offline], Limits(longest, longest, longest))
        urls = (settings.openai_base_url or DEFAULT_URL).replace(",", " ").split()
        return cls([Endpoint.at(url, settings.model, settings.openai_api_key) for url in urls], limits, breaker)

    def ask(
        self,
        messages: list[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        must_call: str | None = None,
        on_text: Callable[[str], None] = lambda text: None,
    ) -> Answer:
        """One answer of the first endpoint that gives one.

        `must_call` names the tool that the model has to call. `on_text` is called with the text so far, and may raise
        to end the call. Raises ModelTimeout or ModelFailed, after Limits.total seconds at the latest.
        """
        request = _request(messages, tools, must_call)
        deadline = time.monotonic() + self._limits.total
        failure: ModelFailed | None = None
        for endpoint in self._endpoints:
            if time.monotonic() >= deadline:
                break
            if not self._breaker.allows(endpoint.name):
                continue
            try:
                answer = self._of(endpoint, request, deadline, on_text)
            except ModelFailed as error:
                failure = self._noted(endpoint, error)
                continue
            self._breaker.succeeded(endpoint.name)
            return answer
        raise failure or ModelFailed("Every endpoint is being left alone after repeated failures.")

    def _noted(self, endpoint: Endpoint, failure: ModelFailed) -> ModelFailed:
        """The failure with whose it was, of which the breaker has heard."""
        failure.endpoint = endpoint.name
        if failure.at_fault:
            self._breaker.failed(endpoint.name)
        return failure

    def _of(self, endpoint: Endpoint, request: dict[str, Any], deadline: float, on_text: OnText) -> Answer:
        """Try one endpoint, again only where it refused before its first token and there is time for what it asks."""
        tried = 0
        while True:
            tried += 1
            try:
                return endpoint.call(request, deadline, self._limits, on_text)
            except TryAgain as refusal:
                wait = _wait(refusal.wait, tried)
                if tried == TRIES or time.monotonic() + wait >= deadline:
                    raise
                _rest(wait, on_text)


def _request(messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]], must_call: str | None) -> dict[str, Any]:
    """What is asked, in the wire's form but for the model's name."""
    if not tools:
        return {"messages": messages}
    choice: Any = {"type": "function", "function": {"name": must_call}} if must_call else "auto"
    return {"messages": messages, "tools": list(tools), "tool_choice": choice}


def _wait(asked: float | None, tried: int) -> float:
    """Seconds until the next try: what the server asked for or a growing pause, spread so that turns do not march."""
    if asked:
        return asked + random.uniform(0, min(1.0, asked))
    return float(RETRY_SECONDS * 2 ** (tried - 1) * random.uniform(0.5, 1.0))


def _rest(seconds: float, on_text: OnText) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        on_text("")
        time.sleep(min(LOOK_SECONDS, left))
