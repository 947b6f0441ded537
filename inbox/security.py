"""What every response says to the browser: a strict policy, so that hostile text stays text.

Owns the headers. Scripts and styles come from our own files only; nothing inline runs without the nonce.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:{images}; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}; manifest-src 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def register(app: Flask) -> None:
    """Add the headers to every response and `csp_nonce()` to the templates."""
    app.jinja_env.globals["csp_nonce"] = nonce
    app.after_request(_protect)


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
    for name, value in HEADERS.items():
        if name != "X-Frame-Options" or framed_by is None:
            response.headers.setdefault(name, value)
    policy = POLICY.format(nonce=nonce(), framed_by=framed_by or "'none'", images="" if framed_by is None else " blob:")
    response.headers.setdefault("Content-Security-Policy", policy)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
