"""What every response says to the browser: a strict policy, so that hostile text stays text.

Owns the headers, and where a cookie's session counts. Scripts and styles come from our own files only; nothing inline
runs without the nonce.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:{images}; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}; manifest-src 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"  # JSON runs and shows nothing
FRAMED_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)
HEADERS = (*FRAMED_HEADERS, ("X-Frame-Options", "DENY"))
DATA_HEADERS = (*HEADERS, ("Content-Security-Policy", DATA_POLICY))
UNKEPT = ("Cache-Control", "no-store")


def register(app: Flask) -> None:
    """Add the headers to every response, `csp_nonce()` to the templates, and sessions to pages alone."""
    app.jinja_env.globals["csp_nonce"] = nonce
    app.response_class = Protected
    app.session_interface = PageSessions()


class Protected(Response):
    """Every response: it leaves with those of the headers that it does not bring itself."""

    def get_wsgi_response(self, environ: dict[str, Any]) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """As without them, and with them."""
        body, status, headers = super().get_wsgi_response(environ)
        given = dict(headers)
        wanted = _wanted(self.mimetype, g.get("framed_by"))
        if not environ["PATH_INFO"].startswith("/static/"):
            wanted = (*wanted, UNKEPT)
        return body, status, [*headers, *(one for one in wanted if one[0] not in given)]


def nonce() -> str:
    """This request's nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def may_be_framed(by: str) -> None:
    """Let this answer stand in frames of these pages (`frame-ancestors`), and show images that its script has made."""
    g.framed_by = by


def _wanted(mimetype: str | None, framed_by: str | None) -> tuple[tuple[str, str], ...]:
    if framed_by is not None:
        policy = POLICY.format(nonce=nonce(), framed_by=framed_by, images=" blob:")
        return (*FRAMED_HEADERS, ("Content-Security-Policy", policy))
    if mimetype == "application/json":
        return DATA_HEADERS
    return (*HEADERS, ("Content-Security-Policy", POLICY.format(nonce=nonce(), framed_by="'none'", images="")))


class PageSessions(SecureCookieSessionInterface):
    """The cookie's session is for pages: whoever calls the API shows a token, and nothing is read or signed."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """None for the API, which Flask takes for a session that takes nothing in."""
        return None if request.path.startswith("/api/v1/") else super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Over TLS alone where this page came over TLS, as the nearest proxy says (TANDEM_PROXIES)."""
        return request.is_secure
