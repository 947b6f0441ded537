"""Every route of the API. Owns the list of their modules."""

from __future__ import annotations

from flask import Flask

from inbox.api import (
    attachments,
    audit,
    bulk,
    canned,
    conversations,
    document,
    health,
    hours,
    identity,
    labels,
    members,
    notes,
    project,
    ratings,
    reports,
    saved_views,
    snippets,
    streams,
    tokens,
    tools,
    visitors,
    webhooks,
    widget,
    workflow,
)

PARTS = (
    *(conversations, notes, bulk, saved_views, reports, streams),
    *(widget, attachments, ratings, visitors, identity),
    *(project, hours, members, labels, snippets, canned, workflow, tools, webhooks, tokens, audit),
    *(health, document),
)


def register(app: Flask) -> None:
    """Add them all."""
    for part in PARTS:
        app.register_blueprint(part.blueprint)
