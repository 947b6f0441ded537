"""Whether the address that a page tells others is one that they can reach.

Owns `reached_from_here_alone()` of the templates. Must not guess a better one: only who runs Tandem knows its name.
"""

from __future__ import annotations

import ipaddress

from flask import Flask, request


def register(app: Flask) -> None:
    """Add it to the templates."""
    app.jinja_env.globals["reached_from_here_alone"] = reached_from_here_alone


def reached_from_here_alone() -> bool:
    """Whether this page was opened at an address by which only this computer is reached."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return is_of_this_computer(host.strip("[]"))


def is_of_this_computer(host: str) -> bool:
    """Whether the host is the computer itself, by name or by number."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
