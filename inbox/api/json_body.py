"""The bytes of a request's body as JSON, whatever the JSON then says.

Owns reading them. What a body may hold is for asking.py and the schemas to say.
"""

from __future__ import annotations

import json
from typing import IO, Any, cast

from flask import current_app, request
from werkzeug.wsgi import get_content_length

from inbox.errors import BadJson, NotJson, TooLarge

LARGE = "The request is larger than 256 KiB."
READ = "tandem.body"  # where the request keeps what was read


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


JSON = json.JSONDecoder(parse_constant=_no_constant)


def came() -> Any:
    """The JSON of the request's body, {} where it has none. Raises NotJson, BadJson or TooLarge."""
    given = raw()
    if given and not request.is_json:
        raise NotJson("Send JSON with `Content-Type: application/json`.")
    try:
        return JSON.decode(given.decode("utf-8")) if given else {}
    except (ValueError, RecursionError):
        raise BadJson("The body is no valid JSON.") from None


def raw() -> bytes:
    """The body, which is read once. Raises TooLarge, or BadJson where it breaks off."""
    environ = request.environ
    if READ not in environ:
        length = get_content_length(environ)
        environ[READ] = _in_chunks() if length is None else _of_length(environ["wsgi.input"], length)
    return cast(bytes, environ[READ])


def _of_length(server: IO[bytes], length: int) -> bytes:
    """Straight from the server: the framework's way there costs more than reading what a short one says."""
    if length > current_app.config["MAX_CONTENT_LENGTH"]:
        raise TooLarge(LARGE)
    try:
        return server.read(length)
    except OSError:
        raise BadJson("The body broke off.") from None


def _in_chunks() -> bytes:
    """All of it: the framework would cut it off at the limit."""
    most = current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = most + 1
    read = request.get_data()
    if len(read) > most:
        raise TooLarge(LARGE)
    return read
