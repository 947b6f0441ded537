"""The server-rendered pages. A page parses, calls the same acts as the API, and renders a template."""

from __future__ import annotations

from flask import Flask

from inbox.compressing import MaskedCsrf


def register(app: Flask) -> None:
    """Add every page, and CSRF protection to everything that a page may post."""
    from inbox.pages import (
        account,
        attaching,
        attention,
        audit_log,
        bulk,
        canned,
        company,
        desk,
        earlier,
        erasing,
        first_step,
        joining,
        label_hues,
        labels,
        listing,
        members,
        naming,
        noticing,
        proving,
        race,
        reports,
        saying,
        settings,
        snippets,
        tabs,
        talking,
        tokens,
        tools,
        visit,
        webhooks,
        widget_page,
        widget_settings,
        words,
        workflow,
        working_hours,
    )

    MaskedCsrf(app)
    for of_every_page in (words, tabs, attention, label_hues):
        of_every_page.register(app)
    app.add_url_rule("/settings", "pages.settings", settings.show, methods=["GET"])
    app.add_url_rule("/settings", "pages.save_settings", settings.save, methods=["POST"])
    for of_signing_in in (first_step, joining, proving, account):
        app.register_blueprint(of_signing_in.blueprint)
    for of_the_inbox in (
        desk, earlier, listing, bulk, talking, naming, erasing, canned, company, saying, attaching, noticing
    ):  # fmt: skip
        app.register_blueprint(of_the_inbox.blueprint)
    for of_the_settings in (
        snippets, labels, workflow, tools, members, working_hours, audit_log, webhooks, tokens, widget_settings
    ):  # fmt: skip
        app.register_blueprint(of_the_settings.blueprint)
    for beside in (visit, widget_page, race, reports):
        app.register_blueprint(beside.blueprint)
