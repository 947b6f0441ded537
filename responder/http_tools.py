"""The HTTP tools that a project defines: what one is, and one call of it.

Owns the call's limits and what the model is told of it. A call reads: it may be repeated, and its reply may never be
sent, so a tool must not change anything. Must not know how tools are stored, and never shows a secret
(tests/unit/responder/test_http_tools.py::test_a_secret_that_comes_back_is_struck_out).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpcore2
import httpx2

from responder.outgoing import FAULTS, fault_of, sent
from responder.public_network import Network
from responder.striking import struck_out
from responder.tool_faults import host_of, url_fault
from responder.tools import Tool, ToolFailed

MOST_BYTES = 64 * 1024  # of an answer
TOLD_CHARACTERS = 16_000  # of an answer to the model, about 4,000 tokens: the rest of the prompt needs room too
FAULT_CHARACTERS = 500  # of a refusal's body
Method = Literal["GET", "POST"]


@dataclass(frozen=True)
class HttpTool:
    """One tool. `hosts` are those that its project allows; `secret` is a header's value and is never shown.

    `secret` is None where there is none, and `secret_lost` says that there is one which cannot be read.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    url: str = field(repr=False)
    method: Method = "POST"
    hosts: frozenset[str] = frozenset()
    header: str | None = None
    secret: str | None = field(default=None, repr=False)
    secret_lost: bool = False

    def as_tool(self) -> Tool:
        """As the responder's other tools."""
        return Tool(self.name, self.description, {"properties": {}, **self.schema}, "reading")


def call(tool: HttpTool, arguments: Mapping[str, Any], scope: Mapping[str, int], network: Network | None = None) -> str:
    """The tool's answer as text that may be stored and told. Raises ToolFailed, and nothing else.

    `scope` are ids of the turn (project, conversation, visitor), sent as headers: arguments come from a model, whom a
    visitor may have talked into anything, so a server must not take them for who is asking.
    """
    url, content = _asked(tool, _checked(tool), arguments)
    try:
        with sent(network or Network(), tool.method, url, _headers(tool, scope), content) as response:
            status, body = response.status, _body(response)
    except FAULTS as error:
        raise ToolFailed(fault_of(error)) from None
    return _told(tool, status, body)


def _checked(tool: HttpTool) -> httpx2.URL:
    fault = url_fault(tool.url)
    if fault:
        raise ToolFailed(f"its address {fault}")
    url = httpx2.URL(tool.url)
    if host_of(url) not in tool.hosts:
        raise ToolFailed("its host is not on the project's list of hosts")
    if tool.secret_lost:
        raise ToolFailed("its secret cannot be read any more; a manager must enter it again")
    return url


def _asked(tool: HttpTool, url: httpx2.URL, arguments: Mapping[str, Any]) -> tuple[httpx2.URL, bytes | None]:
    """The address and the body of the request: a GET has its arguments in the one, a POST in the other."""
    if tool.method == "GET":
        return url.copy_merge_params(_as_query(arguments)), None
    return url, json.dumps(arguments).encode()


def _headers(tool: HttpTool, scope: Mapping[str, int]) -> dict[str, str]:
    headers = {
        "Accept": "application/json, text/plain;q=0.9",
        **{f"Tandem-{name.capitalize()}-Id": str(number) for name, number in scope.items()},
    }
    if tool.header and tool.secret is not None:
        headers[tool.header] = tool.secret
    return headers


def _as_query(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {n: v if isinstance(v, str) else json.dumps(v) for n, v in arguments.items() if v is not None}


def _body(response: httpcore2.Response) -> bytes:
    """The answer's bytes. Raises ToolFailed beyond MOST_BYTES, and for an encoding that was not asked for."""
    encodings = {value.strip().lower() for name, value in response.headers if name.lower() == b"content-encoding"}
    if encodings - {b"identity", b""}:
        raise ToolFailed("its server sent a compressed answer, which was not asked for")
    body = b""
    for part in response.iter_stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ToolFailed(f"its answer is larger than {MOST_BYTES // 1024} KiB")
    return body


def _told(tool: HttpTool, status: int, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if tool.secret:
        text = struck_out(text, tool.secret)
    text = "".join(one for one in text if one not in "\x00" and not "\ud800" <= one <= "\udfff").strip()
    if 300 <= status < 400:
        raise ToolFailed(f"its server answered {status}: redirects are not followed")
    if not 200 <= status < 300:
        raise ToolFailed(f"its server answered {status}", text[:FAULT_CHARACTERS])
    cut = " … (cut)" if len(text) > TOLD_CHARACTERS else ""
    return text[:TOLD_CHARACTERS] + cut or "(an empty answer)"
