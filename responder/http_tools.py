"""The HTTP tools that a project defines: what one is, what is wrong with one, and one call of it.

Owns the call's limits and what the model is told of it. A call reads: it may be repeated, and its reply may never be
sent, so a tool must not change anything. Must not know how tools are stored, and never shows a secret
(tests/unit/responder/test_http_tools.py::test_a_secret_that_comes_back_is_struck_out).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpcore2
import httpx2
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from responder.public_network import Network, OutOfTime, Refused
from responder.striking import struck_out
from responder.tools import TOOLS, Tool, ToolFailed
from responder.workflow import TOOL_NAMES

CALL_SECONDS = 10.0  # for all of a call, from the name's lookup to the last byte
MOST_BYTES = 64 * 1024  # of an answer
TOLD_CHARACTERS = 16_000  # of an answer to the model, about 4,000 tokens: the rest of the prompt needs room too
FAULT_CHARACTERS = 500  # of a refusal's body
LONGEST_URL = 2000
LONGEST_SECRET = 4096
MOST_HOSTS = 50
MOST_SCHEMA_CHARACTERS = 16_384
DEEPEST_SCHEMA = 20
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a header's name, RFC 9110, 5.6.2
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")  # what chat completions take as a function's name
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*")
PARTS_OF_URLS = frozenset("/\\@?#:%")
TAKEN = frozenset({*TOOLS, *TOOL_NAMES, "route_decision", "switch_decision", "send_form"})
OWN_HEADERS = frozenset(
    "host connection content-length content-type content-encoding transfer-encoding accept accept-encoding "
    "user-agent expect te trailer upgrade keep-alive proxy-authorization proxy-connection".split()
)
# References are looked up elsewhere, and a pattern can be written that takes longer than any turn to match.
NO_KEYWORDS = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "pattern", "patternProperties"})

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
    url = _checked(tool)
    request = _request(tool, url, arguments, scope)
    try:
        with (network or Network()).pool(CALL_SECONDS) as pool, pool.stream(**request) as response:
            status, body = response.status, _body(response)
    except ToolFailed:
        raise
    except (OutOfTime, httpcore2.TimeoutException):
        raise ToolFailed(f"it did not answer within {CALL_SECONDS:g} seconds") from None
    except Refused as error:
        raise ToolFailed(str(error)) from None
    except (httpcore2.ConnectError, httpcore2.NetworkError):
        raise ToolFailed("its server could not be reached") from None
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError, OSError):
        raise ToolFailed("its server did not answer as HTTP has it") from None
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


def _request(tool: HttpTool, url: httpx2.URL, arguments: Mapping[str, Any], scope: Mapping[str, int]) -> dict[str, Any]:
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "application/json, text/plain;q=0.9",
        "Accept-Encoding": "identity",
        "User-Agent": "Tandem",
        "Connection": "close",
        **{f"Tandem-{name.capitalize()}-Id": str(number) for name, number in scope.items()},
    }
    content = None
    if tool.method == "GET":
        url = url.copy_merge_params(_as_query(arguments))
    else:
        content = json.dumps(arguments).encode()
        headers |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    if tool.header and tool.secret is not None:
        headers[tool.header] = tool.secret
    return {
        "method": tool.method,
        "url": httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        "headers": [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()],
        "content": content,
    }


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


def host_of(url: httpx2.URL) -> str:
    """The host as lists of hosts have it: lower case, in ASCII, without a dot at its end."""
    return url.raw_host.decode("ascii").lower().rstrip(".")


def url_fault(given: str) -> str | None:
    """What is wrong with an address, to be put behind its name; None if it may be called."""
    if len(given) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    try:
        url = httpx2.URL(given)
        host, port = host_of(url), url.port
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        return "is no URL"
    if url.scheme not in {"http", "https"} or not host:
        return "must begin with https:// or http:// and a host"
    if url.userinfo or url.fragment:
        return "must not hold a name, a password or a fragment; a secret goes into its header"
    if port is not None and not 0 < port < 65_536:
        return "has no possible port"
    return None


def hosts_of(given: Collection[str]) -> tuple[list[str], str | None]:
    """A list of hosts as they are compared, and what is wrong with it."""
    hosts: list[str] = []
    for one in given:
        try:
            host = host_of(httpx2.URL(f"https://{one.strip()}/"))
        except (httpx2.InvalidURL, UnicodeError, ValueError):
            host = ""
        if PARTS_OF_URLS & set(one) or not HOST.fullmatch(host):  # "https://a.example" would be the host "https"
            return [], f"{one[:100]!r} is no host, such as api.example.com"
        hosts.append(host)
    if len(set(hosts)) > MOST_HOSTS:
        return [], f"holds more than {MOST_HOSTS} hosts"
    return sorted(set(hosts)), None


def faults_of(given: Mapping[str, Any], hosts: Collection[str]) -> dict[str, str]:
    """What is wrong with a tool's fields (name, parameters, url, header_name, header_value), by field."""
    return dict(_faults(given, hosts))


def _faults(given: Mapping[str, Any], hosts: Collection[str]) -> Iterator[tuple[str, str]]:
    name, header, secret = given["name"], given.get("header_name"), given.get("header_value")
    if not NAME.fullmatch(name):
        yield "name", "begins with a letter and holds at most 64 letters, digits, _ and -"
    elif name in TAKEN:
        yield "name", "is the name of a built-in tool"
    fault = url_fault(given["url"])
    if fault:
        yield "url", fault
    elif host_of(httpx2.URL(given["url"])) not in hosts:
        host = host_of(httpx2.URL(given["url"]))
        yield "url", f"has the host {host}, which is not on the project's list of hosts; add it there first"
    fault = schema_fault(given["parameters"])
    if fault:
        yield "parameters", fault
    if header is not None and (not TOKEN.fullmatch(header) or header.lower() in OWN_HEADERS or _is_scope(header)):
        yield "header_name", "is none that a tool may set, such as Authorization or X-Api-Key"
    if secret is not None and (not secret.isascii() or not secret.isprintable() or secret != secret.strip()):
        yield "header_value", "holds characters that a header cannot carry"
    if secret is not None and len(secret) > LONGEST_SECRET:
        yield "header_value", f"is longer than {LONGEST_SECRET} characters"


def _is_scope(header: str) -> bool:
    return header.lower().startswith("tandem-")


def schema_fault(schema: Any) -> str | None:
    """What is wrong with a JSON Schema of arguments; None if calls can be checked against it."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return "is a JSON Schema whose type is object"
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        return "needs properties: an object of names and their schemas"
    if len(json.dumps(schema)) > MOST_SCHEMA_CHARACTERS:
        return f"is longer than {MOST_SCHEMA_CHARACTERS:,} characters"
    used = _keywords(schema, DEEPEST_SCHEMA)
    if used is None:
        return f"is nested deeper than {DEEPEST_SCHEMA} levels"
    if used & NO_KEYWORDS:
        return f"uses {', '.join(sorted(used & NO_KEYWORDS))}, which is not supported: describe the value in words"
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"is no JSON Schema: {error.message[:200]}"
    return None


def _keywords(value: Any, deeper: int) -> frozenset[str] | None:
    """All names of objects in the value, but not those of properties; None where it is nested too deeply."""
    if deeper < 0:
        return None
    found: set[str] = set()
    if isinstance(value, Mapping):
        for name, inner in value.items():
            found.add(name)
            inside = inner.values() if name == "properties" and isinstance(inner, Mapping) else (inner,)
            for one in inside:
                below = _keywords(one, deeper - 1)
                if below is None:
                    return None
                found |= below
    elif isinstance(value, list):
        for one in value:
            below = _keywords(one, deeper - 1)
            if below is None:
                return None
            found |= below
    return frozenset(found)
