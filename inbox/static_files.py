"""Our scripts, styles and pictures: addresses that hold what the files hold, kept by browsers for a year.

Owns the address and the caching of what lies in `static/`, and that our scripts and styles are sent without comments
and indentation, which are a quarter of them. One digest stands for all files, since a script's relative imports must
lead to the files of the same release; without a digest, or with an older one, a browser asks each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from rcssmin import cssmin
from rjsmin import jsmin

DIGITS = 12
YEAR_SECONDS = 365 * 24 * 3600
OF_OTHERS = "vendor/"
SHORTENING: dict[str, Callable[[bytes], bytes]] = {"text/javascript": jsmin, "text/css": cssmin}


def register(app: Flask) -> None:
    """`url_for('static', …)` puts the digest in, and what answers there takes it out."""
    version = "v-" + digest_of(Path(str(app.static_folder)))

    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["filename"] = f"{version}/{values['filename']}"

    def serve(filename: str) -> Response:
        given, _, rest = filename.partition("/")
        if not given.startswith("v-"):
            return whole(filename)
        response = whole(rest)
        if given == version:  # another process may be of another release while one replaces the other
            response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
        return response

    app.url_defaults(add_version)
    app.view_functions["static"] = serve


def digest_of(folder: Path) -> str:
    """What all its files hold, in a few letters."""
    found = hashlib.sha256()
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        found.update(f"{file.relative_to(folder)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:DIGITS]


def whole(filename: str) -> Response:
    """A file of `static/` in memory instead of as a stream: streams are never compressed."""
    request.environ.pop("HTTP_RANGE", None)  # a part of the file is no part of what is sent
    response = current_app.send_static_file(filename)
    response.direct_passthrough = False
    data = response.get_data()
    shortening = None if filename.startswith(OF_OTHERS) else SHORTENING.get(str(response.mimetype))
    response.set_data(_shortened(shortening, data) if shortening else data)
    return response


@lru_cache(maxsize=256)  # more than there are
def _shortened(shortening: Callable[[bytes], bytes], data: bytes) -> bytes:
    return shortening(data)
