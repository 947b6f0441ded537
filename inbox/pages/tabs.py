"""The tabs of the settings: their names, addresses and order.

Owns the navigation that every settings page shows (templates/settings/_tabs.html). Must not query.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, g

from inbox.saying import later


@dataclass(frozen=True)
class Tab:
    """One settings page. `key` is what the page says of itself, `path` where it is."""

    key: str
    name: str
    icon: str
    path: str
    managers: bool = False  # others are not shown it


TABS = (
    Tab("responder", later("Responder"), "spark", "/settings"),
    Tab("widget", later("Widget"), "chat", "/settings/widget"),
    Tab("snippets", later("Snippets"), "book", "/settings/snippets"),
    Tab("canned", later("Canned replies"), "slash", "/settings/canned"),
    Tab("labels", later("Labels"), "tag", "/settings/labels"),
    Tab("workflow", later("Workflow"), "flow", "/settings/workflow"),
    Tab("tools", later("Tools"), "wrench", "/settings/tools"),
    Tab("members", later("Team"), "users", "/settings/members"),
    Tab("hours", later("Hours"), "clock", "/settings/hours"),
    Tab("audit", later("Audit log"), "eye", "/settings/audit", managers=True),
    Tab("webhooks", later("Webhooks"), "hook", "/settings/webhooks"),
    Tab("tokens", later("API tokens"), "key", "/settings/tokens"),
)


def register(app: Flask) -> None:
    """Add `settings_tabs()` to the templates."""
    app.jinja_env.globals["settings_tabs"] = settings_tabs


def settings_tabs() -> list[Tab]:
    """The tabs whose pages this installation has, and that the reader may see."""
    paths = {rule.rule for rule in current_app.url_map.iter_rules()}
    reader = g.get("reader")
    return [tab for tab in TABS if tab.path in paths and (not tab.managers or (reader and reader.is_manager))]
