"""What the route matrix cannot derive of a route, a line each. A route that is missing here says so by itself.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.api.asking import ASKER_AGENT, ASKER_VISITOR


@dataclass(frozen=True)
class Line:
    """What cannot be derived of a route. `managers`: others get 403; `open_to`: who may ask where no decorator says."""

    managers: bool | None = None
    open_to: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    data: bytes = b""
    refused: int = 0  # what it answers to those who may ask, where the rest of a good request cannot be made here
    missing: int = 404  # what nobody's id gets, and so another project's
    full: bool = False  # a token that is narrower than its owner gets 403
    own: bool = False  # the manager's own: to a colleague it is as missing as another project's
    gets: frozenset[int] = frozenset()  # where everybody gets the same
    also: frozenset[int] = frozenset()  # for what is one person's own, or named in the body: what insiders may get too


LINES: dict[str, Line] = {
    "static": Line(open_to="everybody", path={"filename": "icon.svg"}),
    "health.healthz": Line(open_to="everybody"),
    "health.readyz": Line(open_to="everybody"),
    "health.metrics": Line(open_to="everybody"),
    "document.openapi": Line(open_to="everybody"),
    "document.page": Line(open_to="everybody"),
    "widget.start_session": Line(open_to="everybody"),
    "visit.visit": Line(open_to="everybody"),
    "widget.rate": Line(refused=422),  # nothing is solved
    "widget.seen": Line(refused=422),  # a message of nobody's
    "attachments.take_from_visitor": Line(query="name=a.txt", data=b"Hello"),
    "attachments.take_from_agent": Line(query="name=a.txt", data=b"Hello"),
    "attaching.take": Line(query="name=a.txt", data=b"Hello"),
    "saved_views.edit": Line(also=frozenset({403})),  # a colleague's, shared
    "saved_views.delete": Line(also=frozenset({403})),
    "widget.look": Line(open_to="everybody", query="project_key={key}"),
    "widget_page.loader": Line(open_to="everybody"),
    "widget_page.frame": Line(open_to="everybody"),
    "widget_page.theme": Line(open_to="everybody"),
    "signing_in.sign_in": Line(open_to="everybody"),
    "signing_in.open_session": Line(open_to="nobody", form={"email": "nobody@example.com", "password": "wrong"}),
    "pages.sign_out": Line(open_to="everybody"),
    "founding.begin": Line(managers=True),
    "founding.make": Line(managers=True, form={"project": ""}),  # one with a name would lead the asker into it
    "founding.first": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "founding.make_first": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "joining.look": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "joining.join": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "proving.ask": Line(open_to="everybody"),
    "proving.prove": Line(open_to="everybody"),
    "proving.passkey_options": Line(open_to="everybody"),
    "proving.passkey": Line(open_to="nobody", json={"credential": {}}),
    "audit_page.show": Line(managers=True),
    "reports.download": Line(path={"plot": "volume"}),
    "breakdowns.download": Line(path={"key": "agents"}),
    "members_page.set_role": Line(form={"role": "manager"}),
    "members_page.switch": Line(form={"project": "1"}),
    "streams.agent_events": Line(open_to=ASKER_AGENT),
    "streams.visitor_events": Line(open_to=ASKER_VISITOR),
    "pages.act": Line(path={"act": "claim"}),
    "saying.say": Line(form={"content": "It left today.", "kind": "public"}),
    "talking.label": Line(form={"add": "refund"}),
    "talking.priority": Line(form={"priority": "high"}),
    "talking.snooze": Line(form={"until": "day"}),
    "removing.message": Line(also=frozenset({204, 403})),  # a visitor's: its writer is none of these
    "conversations.remove_message": Line(also=frozenset({403})),
    "notes.edit": Line(also=frozenset({403})),  # no note of theirs, as below
    "note_edits.edit": Line(form={"content": "She called twice."}, also=frozenset({403})),
    "erasing.visitor": Line(managers=True, form={"sure": "yes"}),
    "erasing.copy": Line(managers=True),
    "naming.visitor": Line(form={"name": "Leila Haddad"}),
    "talking.attribute": Line(form={"name": "Plan", "value": "gold"}),
    "labels_page.rename": Line(form={"name": "refund", "new_name": "refunds"}),
    "labels_page.remove": Line(form={"name": "refund"}),
    "noticing.dismiss": Line(managers=True),
    "race.start": Line(managers=True),
    "race.stop": Line(managers=True),
    "canned_page.begin": Line(managers=True),
    "canned_page.delete": Line(missing=302),  # it is gone already
    "snippets_page.begin": Line(managers=True),
    "snippets_page.choose": Line(managers=True),
    "webhooks_page.begin": Line(managers=True),
    "webhooks_page.delete": Line(missing=302),  # it is gone already
    "tokens.create": Line(full=True),
    "tokens.revoke": Line(full=True, own=True),
    "tokens_page.create": Line(managers=False),
    "tokens_page.revoke": Line(managers=False, missing=302),  # it is revoked already
    "snippets_page.delete": Line(missing=302),  # it is gone already
    "workflow_page.template": Line(path={"name": "refund"}),
    "tools_page.begin": Line(managers=True),
    "tools_page.delete": Line(missing=302),  # it is gone already
    "tools_page.remove_host": Line(missing=302),
    "listing.save_view": Line(form={"name": "Mine"}),
    "listing.rename_view": Line(managers=True, form={"name": "Ours"}),
    "listing.delete_view": Line(managers=True),
    "bulk.apply": Line(also=frozenset({404})),
    "bulk.undo": Line(also=frozenset({404})),
    "bulk_page.undo": Line(also=frozenset({404})),
    "workflow_page.check": Line(managers=False),
    "workflow_page.try_out": Line(json={"message": "Where is my order?"}),
}
