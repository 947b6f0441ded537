"""What the openai SDK does of a call: it writes the request, and it reads the answer.

Owns the SDK's client and what it tells a server. Between the two a call waits, and nothing of the SDK waits with it: in
its own way to send, each waiting turn would hold three copies of the request's options and a stack twice as deep.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import Omit, OpenAI, Stream, omit
from openai.types.chat import ChatCompletionChunk

from responder.connections import lending
from responder.deadline import Door

# What the SDK would tell every server of this machine, in headers that a call holds while it waits.
UNTOLD = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async", "Retry-Count", "Read-Timeout")
PLAIN = "identity"  # what is compressed has no length before it is read
HEADERS: dict[str, str | Omit] = {**{f"X-Stainless-{part}": omit for part in UNTOLD}, "Accept-Encoding": PLAIN}

Chunks = Stream[ChatCompletionChunk]


class _Written(Exception):
    """A request as the SDK wrote it: how it gets out of the SDK, which has no way to write one without sending it.

    Raised where the SDK has its client build the request, and caught by whoever asked for it. Inside the SDK nothing
    catches there: it tries again around the sending only.
    """

    def __init__(self, request: httpx2.Request) -> None:
        self.request = request


class _Http(httpx2.Client):
    """The client that the SDK is given. With the request that it builds, the SDK is done."""

    def build_request(self, *arguments: Any, **named: Any) -> httpx2.Request:
        raise _Written(super().build_request(*arguments, **named))


def _trusted(url: str) -> ssl.SSLContext | bool:
    """Where no TLS is spoken nobody is trusted, and the list of authorities, half a MiB, is not read."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if urlsplit(url).scheme == "http" else True


class Sdk:
    """One client for the whole process, safe in many threads. It tries nothing again by itself."""

    def __init__(self, url: str, key: str | None, transport: httpx2.BaseTransport | None = None) -> None:
        self.key = key or "none"
        self._http = _Http(transport=transport, verify=_trusted(url))
        lending(self._http, Door)
        self._client = OpenAI(base_url=url, api_key=self.key, http_client=self._http, max_retries=0)

    def written(self, body: dict[str, Any], timeout: httpx2.Timeout) -> httpx2.Request:
        """The request for a streamed chat completion.

        The body has the wire's form already. As arguments of `chat.completions.create` the SDK would hold it against
        each form that one may have, message by message: more work than all the rest of sending it.
        """
        try:
            self._client.post(
                "/chat/completions",
                body=body,
                options={"timeout": timeout, "headers": HEADERS},
                cast_to=ChatCompletionChunk,
                stream=True,
                stream_cls=Chunks,
            )
        except _Written as written:
            return written.request
        raise AssertionError("the SDK sent by itself")

    def sent(self, request: httpx2.Request) -> httpx2.Response:
        """The server's answer, as soon as it has begun. Raises what httpx2 raises."""
        return self._http.send(request, stream=True)

    def read(self, response: httpx2.Response) -> Chunks:
        """The chunks of an answer, as they come."""
        return Stream(cast_to=ChatCompletionChunk, response=response, client=self._client)
