"""What every response says to the browser: a strict policy, so that hostile text stays text.

Owns the headers, and where a cookie's session counts. Scripts and styles come from our own files only; nothing inline
runs without the nonce.
"""

from __future__ import annotations

import secrets

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:{images}; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}; manifest-src 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"  # JSON runs and shows nothing
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def register(app: Flask) -> None:
    """Add the headers to every response, `csp_nonce()` to the templates, and sessions to pages alone."""
    app.jinja_env.globals["csp_nonce"] = nonce
    app.after_request(_protect)
    app.session_interface = PageSessions()


def nonce() -> str:
    """This request's nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def may_be_framed(by: str) -> None:
    """Let this answer stand in frames of these pages (`frame-ancestors`), and show images that its script has made."""
    g.framed_by = by


def _protect(response: Response) -> Response:
    framed_by = g.get("framed_by")
    wanted = HEADERS | {"Content-Security-Policy": _policy(response, framed_by)}
    if framed_by is not None:
        del wanted["X-Frame-Options"]
    if not request.path.startswith("/static/"):
        wanted["Cache-Control"] = "no-store"
    given = {name.lower() for name, _ in response.headers}
    response.headers.extend([one for one in wanted.items() if one[0].lower() not in given])
    return response


def _policy(response: Response, framed_by: str | None) -> str:
    if response.mimetype == "application/json" and framed_by is None:
        return DATA_POLICY
    return POLICY.format(nonce=nonce(), framed_by=framed_by or "'none'", images="" if framed_by is None else " blob:")


class PageSessions(SecureCookieSessionInterface):
    """The cookie's session is for pages: whoever calls the API shows a token, and nothing is read or signed."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """None for the API, which Flask takes for a session that takes nothing in."""
        return None if request.path.startswith("/api/v1/") else super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Over TLS alone where this page came over TLS, as the nearest proxy says (TANDEM_PROXIES)."""
        return request.is_secure
