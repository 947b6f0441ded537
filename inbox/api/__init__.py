"""The JSON surface. A route parses, calls one act or one reading, and renders."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every route of the API."""
    from inbox.api import conversations, document, health, project, snippets, streams, tools, webhooks, widget, workflow

    for module in (widget, conversations, project, snippets, workflow, tools, webhooks, streams, health, document):
        app.register_blueprint(module.blueprint)
    from inbox.api import members, tokens

    app.register_blueprint(tokens.blueprint)
    app.register_blueprint(members.blueprint)
