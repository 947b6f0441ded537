"""Which settings want a manager's look: a webhook that was switched off without anybody doing so.

Owns the mark on the gear and on the tabs. Managers only, for nobody else can put it right.
"""

from __future__ import annotations

from flask import Flask, g

from inbox import webhooks
from inbox.api.asking import services


def register(app: Flask) -> None:
    """Add `wanting_attention()` to the templates."""
    app.jinja_env.globals["wanting_attention"] = wanting_attention


def wanting_attention() -> frozenset[str]:
    """The keys of the tabs (inbox/pages/tabs.py) that want a look; asked once for each page."""
    if "wanting_attention" not in g:
        g.wanting_attention = _found()
    found: frozenset[str] = g.wanting_attention
    return found


def _found() -> frozenset[str]:
    reader = g.get("reader")
    if reader is None or not reader.is_manager:
        return frozenset()
    with services().reading() as connection:
        return frozenset({"webhooks"} if webhooks.any_switched_off(connection, reader.project_id) else ())
