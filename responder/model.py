"""Reaching a model: the openai SDK, streamed chat completions, limits on every wait.

Owns endpoints, timeouts, retries and what a model's misbehaviour becomes. Must not read an answer's meaning.
Safe in many threads: one client for each endpoint serves the whole process.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
import openai
from openai import OpenAI

from responder.answer import Answer, ModelFailed, ModelTimeout
from responder.offline import OFFLINE_MODEL, OfflineTransport
from responder.outcome import Usage
from responder.stream import Collected

CONNECTIONS = 2000  # more turns than any worker holds at once
TRIES = 3  # of one endpoint, before its first token
RETRY_SECONDS = 0.5  # doubled each time, with jitter
FAILURES_TO_OPEN = 5  # in a row, before an endpoint is left alone
OPEN_SECONDS = 20.0


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


@dataclass(frozen=True)
class Limits:
    """Seconds. `first_token` also limits every later silence of the stream."""

    connect: float
    first_token: float
    total: float


@dataclass
class Endpoint:
    """A server and its circuit breaker: after FAILURES_TO_OPEN failures in a row it is left alone for a while."""

    name: str
    model: str
    client: OpenAI
    failures: int = 0
    open_until: float = 0.0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def is_open(self) -> bool:
        """Whether calls are not worth trying now."""
        return time.monotonic() < self.open_until

    def record(self, *, failed: bool) -> None:
        """Count a failure, or forget them after a success."""
        with self.guard:
            self.failures = self.failures + 1 if failed else 0
            if self.failures >= FAILURES_TO_OPEN:
                self.open_until = time.monotonic() + OPEN_SECONDS
                self.failures = 0


class Model:
    """An ordered list of endpoints; the first that answers is the one that answered."""

    def __init__(self, endpoints: Sequence[Endpoint], limits: Limits) -> None:
        self._endpoints = list(endpoints)
        self._limits = limits

    @classmethod
    def from_settings(cls, settings: ModelSettings) -> Model:
        """The model that the settings name; without an address or key the offline responder."""
        limits = Limits(
            settings.model_connect_seconds, settings.model_first_token_seconds, settings.model_total_seconds
        )
        if not (settings.openai_base_url or settings.openai_api_key):
            # The offline responder's waits are the setting's own wish, so the limits leave room for them.
            longest = settings.think_seconds[1] + 60
            transport = OfflineTransport(settings.think_seconds)
            client = _client("http://offline.invalid/v1", "offline", transport)
            return cls([Endpoint("offline", OFFLINE_MODEL, client)], Limits(longest, longest, longest))
        urls = (settings.openai_base_url or "https://api.openai.com/v1").replace(",", " ").split()
        return cls([Endpoint(url, settings.model, _client(url, settings.openai_api_key)) for url in urls], limits)

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
        request: dict[str, Any] = {"messages": messages}
        if tools:
            request["tools"] = list(tools)
            choice: Any = {"type": "function", "function": {"name": must_call}} if must_call else "auto"
            request["tool_choice"] = choice
        deadline = time.monotonic() + self._limits.total
        failure: ModelFailed = ModelFailed("Every endpoint is being left alone after repeated failures.")
        for endpoint in self._endpoints:
            if endpoint.is_open():
                continue
            try:
                answer = self._of(endpoint, request, deadline, on_text)
            except ModelFailed as error:
                endpoint.record(failed=True)
                failure = error
                continue
            endpoint.record(failed=False)
            return answer
        raise failure

    def _of(
        self, endpoint: Endpoint, request: dict[str, Any], deadline: float, on_text: Callable[[str], None]
    ) -> Answer:
        """Try one endpoint, again only where it refused before its first token."""
        for tried in range(1, TRIES + 1):
            try:
                return self._stream(endpoint, request, deadline, on_text)
            except openai.APITimeoutError as error:
                raise ModelTimeout(f"{endpoint.name} did not answer in time.") from error
            except (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError) as error:
                wait = _retry_after(error) or RETRY_SECONDS * 2**tried * random.uniform(0.5, 1.0)
                if tried == TRIES or time.monotonic() + wait > deadline:
                    raise ModelFailed(f"{endpoint.name} refused: {_words(error)}") from error
                time.sleep(wait)
            except openai.OpenAIError as error:
                raise ModelFailed(f"{endpoint.name} refused: {_words(error)}") from error
        raise ModelFailed(f"{endpoint.name} gave no answer.")

    def _stream(
        self, endpoint: Endpoint, request: dict[str, Any], deadline: float, on_text: Callable[[str], None]
    ) -> Answer:
        started = time.monotonic()
        collected = Collected()
        read = max(0.05, min(self._limits.first_token, deadline - started))
        timeout = httpx2.Timeout(read, connect=min(self._limits.connect, read))
        chunks = endpoint.client.chat.completions.create(
            model=endpoint.model, stream=True, stream_options={"include_usage": True}, timeout=timeout, **request
        )
        first_token_ms: float | None = None
        try:
            for chunk in chunks:
                if collected.add(chunk):
                    first_token_ms = first_token_ms or (time.monotonic() - started) * 1000
                    on_text(collected.text)
                if time.monotonic() > deadline:
                    raise ModelTimeout(f"{endpoint.name} was still talking when its time was up.")
                if collected.is_huge:
                    break
        except httpx2.TimeoutException as error:
            raise ModelTimeout(f"{endpoint.name} fell silent.") from error
        except (httpx2.HTTPError, ValueError, TypeError, AttributeError, openai.APIError) as error:
            raise ModelFailed(f"{endpoint.name} broke off: {_words(error)}") from error
        finally:
            chunks.close()
        if not collected.began:
            raise ModelFailed(f"{endpoint.name} sent no chat completion.")
        if not (collected.finished or collected.is_huge):  # half a sentence is no answer
            raise ModelFailed(f"{endpoint.name} broke off in the middle of its answer.")
        usage = Usage(
            model=collected.model or endpoint.model,
            endpoint=endpoint.name,
            model_ms=(time.monotonic() - started) * 1000,
            first_token_ms=first_token_ms,
            prompt_tokens=collected.prompt_tokens,
            completion_tokens=collected.completion_tokens,
        )
        return Answer(collected.text, collected.calls(), usage)


def _client(url: str, key: str | None, transport: httpx2.BaseTransport | None = None) -> OpenAI:
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=100)
    http = httpx2.Client(transport=transport, limits=limits) if transport else httpx2.Client(limits=limits)
    return OpenAI(base_url=url, api_key=key or "none", http_client=http, max_retries=0)


def _retry_after(error: openai.APIError) -> float | None:
    response = getattr(error, "response", None)
    try:
        return max(0.0, float(response.headers["retry-after"])) if response is not None else None
    except (KeyError, ValueError):
        return None


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:300]
