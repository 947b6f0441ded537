"""The JSON surface. A route parses, calls one act or one reading, and renders."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every route of the API."""
    from inbox.api import conversations, document, health, project, snippets, streams, tools, webhooks, widget, workflow

    for module in (widget, conversations, project, snippets, workflow, tools, webhooks, streams, health, document):
        app.register_blueprint(module.blueprint)
    from inbox.api import attachments, identity, ratings

    for part in (attachments, identity, ratings):
        app.register_blueprint(part.blueprint)
    from inbox.api import bulk, labels, members, tokens, visitors

    for blueprint in (bulk.blueprint, tokens.blueprint, visitors.blueprint, labels.blueprint):
        app.register_blueprint(blueprint)
    app.register_blueprint(members.blueprint)
    from inbox.api import canned

    app.register_blueprint(canned.blueprint)
    from inbox.api import audit, hours, reports, saved_views

    for module in (audit, hours, reports, saved_views):
        app.register_blueprint(module.blueprint)
