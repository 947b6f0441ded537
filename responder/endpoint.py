"""One server of models: one streamed call of it through the openai SDK, and what its misbehaviour becomes.

Owns what a failure means: worth another try, the endpoint's fault, or the request's. Must not try again itself.
"""

from __future__ import annotations

import email.utils
import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
import openai

from responder.answer import Answer, ModelFailed, ModelTimeout
from responder.deadline import Deadline, extended
from responder.outcome import Usage
from responder.sdk import PLAIN, Chunks, Sdk
from responder.stream import Collected
from responder.striking import struck_out

SHORTEST_KEY = 8  # characters; a shorter one is a placeholder for a server that takes any
# What these refuse is the request, such as one that is too long: another conversation may well be answered.
TOO_MANY, SERVERS_FAULT = 429, 500
REQUESTS_FAULT = frozenset({400, 409, 413, 415, 422})
ODD = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)  # of JSON that is no answer
BROKEN = (httpx2.HTTPError, openai.APIError, *ODD)

OnText = Callable[[str], None]


class TryAgain(ModelFailed):
    """It refused before its first token, so the same call may be made again. `wait` is what it asked for."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Limits:
    """Seconds. `first_token` also limits every later silence of the stream."""

    connect: float
    first_token: float
    total: float


@dataclass(frozen=True)
class Endpoint:
    """A server, the model asked of it, and one client for the whole process."""

    name: str
    model: str
    sdk: Sdk

    @classmethod
    def at(cls, url: str, model: str, key: str | None, transport: httpx2.BaseTransport | None = None) -> Endpoint:
        """The endpoint of an address. Its name holds no password that the address may hold."""
        parts = urlsplit(url)
        name = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        return cls(name, model, Sdk(url, key, transport))

    def call(self, request: dict[str, Any], deadline: float, limits: Limits, on_text: OnText) -> Answer:
        """One answer. Raises TryAgain, ModelTimeout and ModelFailed, and what `on_text` raises."""
        started = time.monotonic()
        collected = Collected()
        first_token_by = min(started + limits.first_token, deadline)
        with Deadline(first_token_by):
            chunks = self._opened(request, max(0.05, first_token_by - started), limits)
            try:
                first_token_ms = self._read(chunks, collected, started, deadline, on_text)
            finally:
                chunks.close()
        self._require_whole(collected)
        usage = Usage(
            model=collected.model or self.model,
            endpoint=self.name,
            model_ms=(time.monotonic() - started) * 1000,
            first_token_ms=first_token_ms,
            prompt_tokens=collected.prompt_tokens,
            completion_tokens=collected.completion_tokens,
        )
        return Answer(collected.text, collected.calls(), usage)

    def _opened(self, request: dict[str, Any], read: float, limits: Limits) -> Chunks:
        timeout = httpx2.Timeout(read, connect=min(limits.connect, read))
        try:
            written = self.sdk.written(
                {"model": self.model, "stream": True, "stream_options": {"include_usage": True}, **request}, timeout
            )
            response = self.sdk.sent(written)
        except httpx2.TimeoutException as error:
            raise ModelTimeout(f"{self.name} did not answer in time.") from error
        except (httpx2.RequestError, ssl.SSLError) as error:
            raise TryAgain(f"{self.name} refused: {self._words(error)}") from error
        except (openai.OpenAIError, *BROKEN) as error:
            raise ModelFailed(f"{self.name} refused: {self._words(error)}") from error
        if response.headers.get("content-encoding", PLAIN) != PLAIN:  # a few bytes of it may be any number of words
            response.close()
            raise ModelFailed(f"{self.name} sent a compressed answer, which was not asked for.")
        if not response.is_success:
            raise self._refusal(response)
        return self.sdk.read(response)

    def _refusal(self, response: httpx2.Response) -> ModelFailed:
        """What a refusal means, in the server's own words."""
        status = response.status_code
        words = f"{self.name} refused: {self._told(f'Error code: {status}{_said(response)}')}"
        if status == TOO_MANY or status >= SERVERS_FAULT:
            return TryAgain(words, retry_after(response.headers))
        return ModelFailed(words, at_fault=status not in REQUESTS_FAULT)

    def _read(
        self, chunks: Any, collected: Collected, started: float, deadline: float, on_text: OnText
    ) -> float | None:
        """Read the stream to its end, or to where it is huge; returns the milliseconds to its first token."""
        first_token_ms: float | None = None
        parts = iter(chunks)
        while (brought := self._next(parts, collected, first_token_ms is None)) is not None:
            if brought:
                if first_token_ms is None:
                    first_token_ms = (time.monotonic() - started) * 1000
                    extended(deadline)
                on_text(collected.text)
            if time.monotonic() > deadline:
                raise ModelTimeout(f"{self.name} was still talking when its time was up.")
            if collected.is_huge:
                break
        return first_token_ms

    def _next(self, parts: Any, collected: Collected, silent: bool) -> bool | None:
        """Take in the next chunk: whether it brought something, None at the end."""
        try:
            chunk = next(parts, None)
            return None if chunk is None else collected.add(chunk)
        except (httpx2.TimeoutException, openai.APITimeoutError) as error:
            raise ModelTimeout(f"{self.name} fell silent.") from error
        except BROKEN as error:
            cut = isinstance(error, httpx2.TransportError | openai.APIConnectionError)
            kind = TryAgain if silent and cut else ModelFailed
            raise kind(f"{self.name} broke off: {self._words(error)}") from error

    def _words(self, error: Exception) -> str:
        """The error in its own words, which people will read: without the key, should the server say it back."""
        words = str(error) or type(error).__name__
        if isinstance(error, openai.APIConnectionError) and error.__cause__ is not None:
            words = str(error.__cause__) or words  # the SDK's own say no more than “Connection error.”
        return self._told(words)

    def _told(self, words: str) -> str:
        return (struck_out(words, self.sdk.key) if len(self.sdk.key) >= SHORTEST_KEY else words)[:300]

    def _require_whole(self, collected: Collected) -> None:
        if not collected.began:
            raise ModelFailed(f"{self.name} sent no chat completion.")
        if not (collected.finished or collected.is_huge):  # half a sentence is no answer
            raise ModelFailed(f"{self.name} broke off in the middle of its answer.")


def _said(response: httpx2.Response) -> str:
    """The message in a refusal's body, where it has one."""
    try:
        with suppress(*BROKEN):
            body = json.loads(response.read())
            return f" - {body.get('error', body)['message']}"
        return ""
    finally:
        response.close()


def retry_after(headers: httpx2.Headers, now: datetime | None = None) -> float | None:
    """The seconds that a refusal asks to wait: Retry-After as seconds or as an HTTP date (RFC 9110, 10.2.3)."""
    given = headers.get("retry-after", "").strip()
    if not given:
        return None
    try:
        return max(0.0, float(given))
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(given)
    except (ValueError, TypeError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
