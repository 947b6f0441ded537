"""The JSON surface. A route parses, calls one act or one reading, and renders."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every route of the API."""
    from inbox.api import conversations, health, project, snippets, streams, widget, workflow

    for module in (widget, conversations, project, snippets, workflow, streams, health):
        app.register_blueprint(module.blueprint)
