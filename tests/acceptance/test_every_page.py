"""Every page of the URL map: axe in light and dark, wide and narrow, its weight, its shifts, and pictures to see.

A route that answers GET and is in neither PAGES nor NO_PAGES fails. One browser page looks at them all.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page

from app import create_app
from inbox.settings import Settings
from inbox.tokens import digest, new_token
from tests.acceptance.conftest import House, keep
from tests.acceptance.shifting import WATCH, shifts

WIDTH, HEIGHT, NARROW = 1440, 900, 375
MOST_KB = 100
SENT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((one) => [one.transferSize, one.name])"""
# Nothing has come for a while: an event stream never ends, so the network is never idle.
QUIET = """() => {
  const last = Math.max(...performance.getEntriesByType("resource").map((one) => one.responseEnd), 0);
  return document.readyState === "complete" && performance.now() - last > 250;
}"""
FEWER = "alike => alike && [...document.querySelectorAll(alike)].slice(3).forEach((one) => one.remove())"


@dataclass(frozen=True)
class Sight:
    """One page in one state. `{…}` in its path are things that `things` makes."""

    path: str
    name: str
    signed_in: bool = True
    alike: str = ""  # what stands there many times over, made by the same few lines: axe looks at three of them


PAGES: dict[str, tuple[Sight, ...]] = {
    "pages.inbox": (
        Sight("/", "inbox"),
        Sight("/?q=nothing+like+it", "inbox-nothing"),
        Sight("/?view=spam", "inbox-spam"),
    ),
    "pages.conversation": (Sight("/conversations/{conversation}", "conversation"),),
    "account.show": (Sight("/account", "account"),),
    "document.page": (Sight("/api/docs", "docs", signed_in=False, alike="main article"),),
    "founding.begin": (Sight("/projects/new", "new-project"),),
    "founding.first": (Sight("/begin/x", "begin-gone", signed_in=False),),
    "joining.look": (
        Sight("/join/{invitation}", "join", signed_in=False),
        Sight("/join/x", "join-gone", signed_in=False),
    ),
    "race.show": (Sight("/race", "race"),),
    "reports.show": (Sight("/reports?days=7", "reports"),),
    "breakdowns.show": (Sight("/reports/breakdown?days=7", "breakdown"),),
    "settings.show": (Sight("/settings", "settings"),),
    "audit_page.show": (Sight("/settings/audit", "audit"),),
    "canned_page.show": (Sight("/settings/canned", "canned"),),
    "canned_page.edit": (Sight("/settings/canned/{canned}", "canned-reply"),),
    "canned_page.begin": (Sight("/settings/canned/new", "canned-new"),),
    "labels_page.show": (Sight("/settings/labels", "labels"),),
    "hours_page.show": (Sight("/settings/hours", "hours"),),
    "members_page.show": (Sight("/settings/members", "members"),),
    "snippets_page.show": (Sight("/settings/snippets", "snippets"),),
    "snippets_page.edit": (Sight("/settings/snippets/{snippet}", "snippet"),),
    "snippets_page.choose": (Sight("/settings/snippets/import", "snippets-import"),),
    "snippets_page.begin": (Sight("/settings/snippets/new", "snippet-new"),),
    "tokens_page.show": (Sight("/settings/tokens", "tokens"),),
    "tools_page.show": (Sight("/settings/tools", "tools"),),
    "tools_page.edit": (Sight("/settings/tools/{tool}", "tool"),),
    "tools_page.begin": (Sight("/settings/tools/new", "tool-new"),),
    "webhooks_page.show": (Sight("/settings/webhooks", "webhooks"),),
    "webhooks_page.edit": (Sight("/settings/webhooks/{webhook}", "webhook"),),
    "webhooks_page.show_delivery": (Sight("/settings/webhooks/{webhook}/deliveries/{delivery}", "delivery"),),
    "webhooks_page.begin": (Sight("/settings/webhooks/new", "webhook-new"),),
    "widget_settings.show": (Sight("/settings/widget", "widget-settings"),),
    "workflow_page.show": (Sight("/settings/workflow", "workflow"),),
    "signing_in.sign_in": (Sight("/sign-in", "sign-in", signed_in=False),),
    "proving.ask": (Sight("/sign-in/code", "sign-in-code", signed_in=False),),
    "visit.visit": (Sight("/visit/{key}", "visitor", signed_in=False),),
    "widget_page.frame": (Sight("/widget/{key}", "widget-frame", signed_in=False),),
}
NO_PAGES = {
    "static", "health.healthz", "health.readyz", "health.metrics", "pages.events",
    "widget_page.loader", "widget_page.theme", "reports.download", "breakdowns.download", "attaching.show",
    # Parts that stand in a page of the list above:
    "pages.parts", "listing.changed", "listing.rows", "listing.list_views", "company.crew", "race.parts",
    "earlier.show", "canned_page.offer", "note_edits.show", "workflow_page.template", "workflow_page.version",
}  # fmt: skip
SIGHTS = [sight for sights in PAGES.values() for sight in sights]


def test_every_page_of_the_map_is_here() -> None:
    found = create_app(
        Settings.from_environment({"DATABASE_URL": "postgresql://nobody", "REDIS_URL": "redis://nobody"})
    )
    pages = {rule.endpoint for rule in found.url_map.iter_rules() if is_page(found, rule.rule, rule.methods or set())}
    assert pages == set(PAGES) | NO_PAGES


def is_page(app: Flask, rule: str, methods: set[str]) -> bool:
    return "GET" in methods and not rule.startswith("/api/v1/")


@dataclass(frozen=True)
class Eye:
    """The browser's pages that look at everything, and what there is to look at."""

    agent: Page
    stranger: Page
    url: str
    things: dict[str, str]

    def page(self, sight: Sight) -> Page:
        return self.agent if sight.signed_in else self.stranger


@pytest.fixture(scope="module")
def eye(browser: Browser, house: House) -> Iterator[Eye]:
    """Somebody signed in and somebody who is not, each with nothing in the cache."""
    run = house.product.run
    pages = []
    for _ in range(2):
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce").new_page()
        page.set_default_timeout(15_000)
        page.add_init_script(WATCH)
        page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        pages.append(page)
    agent, stranger = pages
    agent.goto(run["url"] + "/sign-in")
    agent.get_by_label("Email").fill(run["email"])
    agent.get_by_label("Password").fill(run["password"])
    agent.get_by_role("button", name="Sign in").click()
    agent.wait_for_url("**/")
    yield Eye(agent, stranger, run["url"], make_things(house))
    for page in pages:
        page.context.close()


def make_things(house: House) -> dict[str, str]:
    """One of everything that a path names, with the words of a team that has worked for a while."""
    run = house.product.run
    token = new_token()
    with psycopg.connect(run["database_url"]) as connection:
        owner = "SELECT %s, agent_id, 'Pictures', %s FROM membership WHERE role = 'manager' AND project_id = %s LIMIT 1"
        statement = f"INSERT INTO api_token (project_id, agent_id, name, token_hash) {owner}"
        connection.execute(statement, (run["project_id"], digest(token), run["project_id"]))
    ask = Asking(run["url"], token)
    newest = ask.get("conversations?status=open&limit=1")["items"][0]["id"]
    ask.post("tool-hosts", {"host": "orders.northfold.example"})
    made = {name: str(ask.post(path, body)["id"]) for name, (path, body) in MADE.items()}
    delivery = ask.post(f"webhooks/{made['webhook']}/test", {})["id"]
    invitation = ask.post("invitations", {"email": "lan@northfold.example", "role": "agent"})
    snippet = ask.get("snippets?limit=1")["items"][0]["id"]
    return made | {
        "conversation": str(newest),
        "key": run["project_key"],
        "delivery": str(delivery),
        "snippet": str(snippet),
        "invitation": invitation["link"].rpartition("/")[2],
    }


MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "canned": ("canned-replies", {"shortcut": "late", "content": "Hello {{visitor.name}}, I am sorry."}),
    "webhook": ("webhooks", {
        "url": "https://example.com/hooks", "description": "Our orders", "events": ["message.created", "turn.updated"],
    }),
    "tool": ("tools", {
        "name": "order_status", "description": "Where an order is, by its number.", "method": "GET",
        "url": "https://orders.northfold.example/status",
        "parameters": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
    }),
}  # fmt: skip


@dataclass(frozen=True)
class Asking:
    """The API, with a token."""

    url: str
    token: str

    def get(self, path: str) -> Any:
        return self._send(urllib.request.Request(f"{self.url}/api/v1/{path}"))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(f"{self.url}/api/v1/{path}", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> Any:
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_page(eye: Eye, sight: Sight) -> None:
    page = eye.page(sight)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.emulate_media(color_scheme="light")
    page.goto(eye.url + sight.path.format(**eye.things))
    page.wait_for_function(QUIET)
    sent = page.evaluate(SENT)
    wrong = shifts(page)
    if sum(size for size, _ in sent) > MOST_KB * 1000:
        wrong.append(f"weighs {sorted(sent, reverse=True)}")
    keep(page, f"every-{sight.name}-light")
    page.evaluate(FEWER, sight.alike)
    wrong += faults(page)
    page.emulate_media(color_scheme="dark")
    wrong += faults(page, "{runOnly: ['color-contrast'], iframes: false}")
    keep(page, f"every-{sight.name}-dark")
    page.set_viewport_size({"width": NARROW, "height": 812})
    wrong += faults(page)
    keep(page, f"every-{sight.name}-narrow")
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW:
        wrong.append(f"{width} wide")
    assert not wrong, "\n".join(wrong)


def faults(page: Page, options: str = "{iframes: false}") -> list[str]:
    """What axe finds."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate(f"axe.run({options})")["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]
