"""The server-rendered pages. A page parses, calls the same acts as the API, and renders a template."""

from __future__ import annotations

from flask import Flask

from inbox.compressing import MaskedCsrf


def register(app: Flask) -> None:
    """Add every page, and CSRF protection to everything that a page may post.

    The API takes bearer tokens only, which no foreign page can make a browser send, so it is exempt.
    """
    from inbox.pages import (
        account,
        attention,
        audit_log,
        desk,
        joining,
        label_hues,
        listing,
        members,
        proving,
        race,
        reports,
        settings,
        signing_in,
        tabs,
        talking,
        visit,
        words,
        working_hours,
    )
    from inbox.pages import bulk as bulk_page
    from inbox.pages import snippets as snippets_page
    from inbox.pages import tokens as tokens_page
    from inbox.pages import tools as tools_page
    from inbox.pages import webhooks as webhooks_page
    from inbox.pages import workflow as workflow_page

    csrf = MaskedCsrf(app)
    for blueprint in app.blueprints.values():
        if (blueprint.url_prefix or "").startswith("/api/"):
            csrf.exempt(blueprint)
    from inbox.pages import attaching, labels, widget_page, widget_settings

    for part in (labels, attaching, widget_page, widget_settings):
        app.register_blueprint(part.blueprint)
    words.register(app)
    tabs.register(app)
    attention.register(app)
    label_hues.register(app)
    app.register_blueprint(snippets_page.blueprint)
    for part in (joining, members, account, proving, audit_log, reports, working_hours):
        app.register_blueprint(part.blueprint)
    for part_of_list in (listing, bulk_page):
        app.register_blueprint(part_of_list.blueprint)
    app.add_url_rule("/settings", "pages.settings", settings.show, methods=["GET"])
    app.add_url_rule("/settings", "pages.save_settings", settings.save, methods=["POST"])
    for page in (signing_in, desk, talking, visit, race, workflow_page, tools_page, webhooks_page, tokens_page):
        app.register_blueprint(page.blueprint)
    _register_talking(app)


def _register_talking(app: Flask) -> None:
    """What the page of an open conversation asks for beside its own parts."""
    from inbox.pages import canned, company, saying

    for page in (canned, company, saying):
        app.register_blueprint(page.blueprint)
