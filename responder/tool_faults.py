"""What is wrong with an HTTP tool or a host before it is saved, by field, in words that stand behind the field's name.

Owns those rules. Must not call anything: responder/http_tools.py does, and asks here once more about the address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import httpx2

from responder.faults import Fault, of_schema
from responder.tools import TOOLS
from responder.workflow import TOOL_NAMES

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


def host_of(url: httpx2.URL) -> str:
    """The host as lists of hosts have it: lower case, in ASCII, without a dot at its end."""
    return url.raw_host.decode("ascii").lower().rstrip(".")


def url_fault(given: str) -> Fault | None:
    """What is wrong with an address, to be put behind its name; None if it may be called."""
    if len(given) > LONGEST_URL:
        return Fault("is longer than %(most)s characters", most=LONGEST_URL)
    try:
        url = httpx2.URL(given)
        host, port = host_of(url), url.port
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        return Fault("is no URL")
    if url.scheme not in {"http", "https"} or not host:
        return Fault("must begin with https:// or http:// and a host")
    if url.userinfo or url.fragment:
        return Fault("must not hold a name, a password or a fragment; a secret goes into its header")
    if port is not None and not 0 < port < 65_536:
        return Fault("has no possible port")
    return None


def hosts_of(given: Collection[str]) -> tuple[list[str], Fault | None]:
    """A list of hosts as they are compared, and what is wrong with it."""
    hosts: list[str] = []
    for one in given:
        try:
            host = host_of(httpx2.URL(f"https://{one.strip()}/"))
        except (httpx2.InvalidURL, UnicodeError, ValueError):
            host = ""
        if PARTS_OF_URLS & set(one) or not HOST.fullmatch(host):  # "https://a.example" would be the host "https"
            return [], Fault("%(host)s is no host, such as api.example.com", host=repr(one[:100]))
        hosts.append(host)
    if len(set(hosts)) > MOST_HOSTS:
        return [], Fault("holds more than %(most)s hosts", most=MOST_HOSTS)
    return sorted(set(hosts)), None


def faults_of(given: Mapping[str, Any], hosts: Collection[str]) -> dict[str, Fault]:
    """What is wrong with a tool's fields (name, parameters, url, header_name, header_value), by field."""
    return dict(_faults(given, hosts))


def _faults(given: Mapping[str, Any], hosts: Collection[str]) -> Iterator[tuple[str, Fault]]:
    name, header, secret = given["name"], given.get("header_name"), given.get("header_value")
    if not NAME.fullmatch(name):
        yield "name", Fault("begins with a letter and holds at most 64 letters, digits, _ and -")
    elif name in TAKEN:
        yield "name", Fault("is the name of a built-in tool")
    fault = url_fault(given["url"])
    if fault:
        yield "url", fault
    elif host_of(httpx2.URL(given["url"])) not in hosts:
        host = host_of(httpx2.URL(given["url"]))
        yield (
            "url",
            Fault("has the host %(host)s, which is not on the project's list of hosts; add it there first", host=host),
        )
    fault = schema_fault(given["parameters"])
    if fault:
        yield "parameters", fault
    if header is not None and (not TOKEN.fullmatch(header) or header.lower() in OWN_HEADERS or _is_scope(header)):
        yield "header_name", Fault("is none that a tool may set, such as Authorization or X-Api-Key")
    if secret is not None and (not secret.isascii() or not secret.isprintable() or secret != secret.strip()):
        yield "header_value", Fault("holds characters that a header cannot carry")
    if secret is not None and len(secret) > LONGEST_SECRET:
        yield "header_value", Fault("is longer than %(most)s characters", most=LONGEST_SECRET)


def _is_scope(header: str) -> bool:
    return header.lower().startswith("tandem-")


def schema_fault(schema: Any) -> Fault | None:
    """What is wrong with a JSON Schema of arguments; None if calls can be checked against it."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return Fault("is a JSON Schema whose type is object")
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        return Fault("needs properties: an object of names and their schemas")
    if len(json.dumps(schema)) > MOST_SCHEMA_CHARACTERS:
        return Fault("is longer than %(most)s characters", most=f"{MOST_SCHEMA_CHARACTERS:,}")
    used = _keywords(schema, DEEPEST_SCHEMA)
    if used is None:
        return Fault("is nested deeper than %(most)s levels", most=DEEPEST_SCHEMA)
    if used & NO_KEYWORDS:
        words = ", ".join(sorted(used & NO_KEYWORDS))
        return Fault("uses %(words)s, which is not supported: describe the value in words", words=words)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return of_schema(error)
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
