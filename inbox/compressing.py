"""What is sent is compressed, and what that would tell a listener is hidden.

Owns what is compressed: pages, scripts, styles and pictures of lines. Never an event stream, which would wait for more
words; never what the API or a visitor's file says, which is not a page. A page holds secrets beside words that others
chose (BREACH): its token for forms is masked anew for every answer, and the length of every page is blurred.
"""

from __future__ import annotations

import base64
import binascii
import secrets

from flask import Flask, Response, g, request
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect, generate_csrf

KINDS = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml"})
OF_PROJECT = "|"  # between a token and the id of the project whose page it is on (inbox/pages/own_project.py)
BLUR_BYTES = 100  # so that a length must be measured some ten thousand times to be known to the byte


class MaskedCsrf(CSRFProtect):  # type: ignore[misc]  # it has no types
    """Takes the masked token of a page, as `masked` makes it."""

    def init_app(self, app: Flask) -> None:
        """As without a mask, with pages that never show the token itself."""
        super().init_app(app)
        app.context_processor(lambda: {"csrf_token": page_token})

    def protect(self, apply_exemptions: bool = False) -> None:
        """The API is exempt: it takes bearer tokens only, which no foreign page can make a browser send."""
        if not request.path.startswith("/api/v1/"):
            super().protect(apply_exemptions)

    def _get_csrf_token(self) -> str | None:
        given = super()._get_csrf_token()
        if not given:
            return None
        token, _, g.page_project = unmasked(given).partition(OF_PROJECT)
        return str(token)


def register(app: Flask) -> None:
    """Compress what leaves; registered before the rest, so that it comes after it."""
    app.config.update(
        COMPRESS_MIMETYPES=KINDS,
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=True,
        COMPRESS_REGISTER=False,
    )
    compress = Compress(app)

    @app.after_request
    def leave(response: Response) -> Response:
        return compress.after_request(_blurred(response)) if response.mimetype in KINDS else response


def page_token() -> str:
    """The token for the forms of this answer: one mask for all of them. It says whose project the page is."""
    if "masked_csrf" not in g:
        reader = g.get("reader")
        g.masked_csrf = masked(f"{generate_csrf()}{OF_PROJECT}{reader.project_id if reader else ''}")
    return str(g.masked_csrf)


def masked(token: str) -> str:
    """The token under random bytes, which come with it."""
    cover = secrets.token_bytes(len(token))
    return base64.urlsafe_b64encode(cover + _xor(cover, token.encode())).decode()


def unmasked(given: str) -> str:
    """What was masked. What is no masked token comes back as it is, and is refused as no token."""
    try:
        both = base64.urlsafe_b64decode(given)
        half = len(both) // 2
        return _xor(both[:half], both[half:]).decode("ascii")
    except (binascii.Error, ValueError):
        return given


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _blurred(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["X-Blur"] = "x" * secrets.randbelow(BLUR_BYTES)
    return response
