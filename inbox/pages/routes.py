"""Every page of the product. Owns the list of them, and that no other site posts in their name."""

from __future__ import annotations

from flask import Flask

from inbox.compressing import MaskedCsrf
from inbox.pages import (
    account,
    attaching,
    attention,
    audit_log,
    breakdowns,
    bulk,
    canned,
    company,
    desk,
    earlier,
    erasing,
    founding,
    joining,
    label_hues,
    labels,
    listing,
    members,
    naming,
    note_edits,
    noticing,
    proving,
    race,
    reached,
    removing,
    reports,
    saying,
    settings,
    signing_in,
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

OF_EVERY_PAGE = (words, tabs, attention, label_hues, reached, founding)
PAGES = (
    *(signing_in, joining, proving, account, founding),
    *(desk, earlier, listing, bulk, talking, canned, company, saying, naming, erasing, removing, note_edits),
    *(attaching, noticing),
    *(settings, snippets, labels, workflow, tools, members, working_hours, audit_log),
    *(webhooks, tokens, widget_settings),
    *(visit, widget_page, race, reports, breakdowns),
)


def register(app: Flask) -> None:
    """Add them, and what all their templates know."""
    MaskedCsrf(app)
    for part in OF_EVERY_PAGE:
        part.register(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
