"""The audit log's page, for managers: who did what to the project itself, by kind, person and day.

Owns the page and its sentences; an entry of a kind without one is shown by the kind's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from inbox import account, audit, team
from inbox.access import Agent, require_manager
from inbox.api.asking import before_id, encode_cursor, services
from inbox.audit import Wanted
from inbox.conversation import storable
from inbox.pages import forms
from inbox.pages.signing_in import page
from inbox.pages.words import day

blueprint = Blueprint("audit_page", __name__, url_prefix="/settings/audit")
LISTED = 50
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)")
MOST_CHARACTERS = 120  # of a value; instructions are long
# What each kind says behind the actor's name; %(subject)s is whom or what it was done to.
SENTENCES: dict[str, Any] = {
    "settings_changed": lazy_gettext("changed the settings"),
    "workflow_saved": lazy_gettext("saved the workflow, %(subject)s"),
    "capacity_changed": lazy_gettext("changed the capacity of %(subject)s"),
    "role_changed": lazy_gettext("changed the role of %(subject)s"),
    "member_removed": lazy_gettext("took %(subject)s out of the team"),
    "invited": lazy_gettext("invited %(subject)s"),
    "invitation_revoked": lazy_gettext("revoked the invitation of %(subject)s"),
    "joined": lazy_gettext("joined the team"),
    "signed_in": lazy_gettext("signed in"),
    "sign_in_failed": lazy_gettext("did not get in: a sign-in failed"),
    "password_changed": lazy_gettext("changed their password"),
    "second_factor_on": lazy_gettext("added a second factor (%(subject)s)"),
    "second_factor_off": lazy_gettext("removed a second factor (%(subject)s)"),
    "recovery_codes_made": lazy_gettext("made new recovery codes"),
    "webhook_created": lazy_gettext("made the webhook %(subject)s"),
    "webhook_changed": lazy_gettext("changed the webhook %(subject)s"),
    "webhook_rotated": lazy_gettext("gave the webhook %(subject)s a new secret"),
    "webhook_switched_off": lazy_gettext("switched off the webhook %(subject)s"),
    "webhook_tested": lazy_gettext("sent a test event to the webhook %(subject)s"),
    "webhook_replayed": lazy_gettext("had events sent to the webhook %(subject)s once more"),
    "webhook_deleted": lazy_gettext("deleted the webhook %(subject)s"),
    "snippet_created": lazy_gettext("wrote the snippet %(subject)s"),
    "snippet_changed": lazy_gettext("changed the snippet %(subject)s"),
    "snippet_deleted": lazy_gettext("deleted the snippet %(subject)s"),
    "snippets_imported": lazy_gettext("imported snippets"),
    "canned_reply_created": lazy_gettext("wrote the canned reply %(subject)s"),
    "canned_reply_changed": lazy_gettext("changed the canned reply %(subject)s"),
    "canned_reply_deleted": lazy_gettext("deleted the canned reply %(subject)s"),
    "visitor_erased": lazy_gettext("erased %(subject)s with every word"),
    "token_created": lazy_gettext("made the API token %(subject)s"),
    "token_revoked": lazy_gettext("ended the API token %(subject)s"),
    "tool_created": lazy_gettext("made the tool %(subject)s"),
    "tool_changed": lazy_gettext("changed the tool %(subject)s"),
    "tool_tried": lazy_gettext("tried the tool %(subject)s"),
    "tool_deleted": lazy_gettext("deleted the tool %(subject)s"),
    "tool_host_added": lazy_gettext("allowed tools to call %(subject)s"),
    "tool_host_removed": lazy_gettext("forbade tools to call %(subject)s"),
    "identity_secret_made": lazy_gettext("made a new identity secret for the widget"),
    "identity_secrets_ended": lazy_gettext("ended the widget’s identity secrets"),
    "label_coloured": lazy_gettext("gave the label %(subject)s a colour"),
    "label_uncoloured": lazy_gettext("took the colour of the label %(subject)s away"),
    "label_renamed": lazy_gettext("renamed the label %(subject)s everywhere"),
    "label_removed": lazy_gettext("removed the label %(subject)s everywhere"),
    "hours_changed": lazy_gettext("changed the working hours"),
    "export": lazy_gettext("exported %(subject)s"),
}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The entries that were asked for, newest first."""
    require_manager(me, team.FOR_MANAGERS)
    chosen = {name: request.args.get(name, "").strip() for name in ("kind", "actor", "since", "until")}
    chosen = {name: value if storable(value) else "" for name, value in chosen.items()}
    wanted = Wanted(
        kind=chosen["kind"] or None,
        actor_id=forms.number(chosen["actor"]),
        since=_day(chosen["since"], me),
        until=_day(chosen["until"], me, days=1),
        before=before_id(),
        limit=LISTED + 1,
    )
    with services().reading() as connection:
        rows = audit.listed(connection, me.project_id, wanted)
        kinds = audit.kinds(connection, me.project_id)
        people = team.members(connection, me.project_id)
    more = encode_cursor(rows[LISTED - 1]["id"]) if len(rows) > LISTED else None
    return render_template(
        "settings/audit.html",
        me=me,
        rows=[{**row, "sentence": sentence(row), "facts": facts(row)} for row in rows[:LISTED]],
        kinds={kind: _plain(kind) for kind in kinds},
        people=people,
        chosen=chosen,
        more=more,
    )


def sentence(row: Mapping[Any, Any]) -> str:
    """What was done, behind the name of who did it."""
    known = SENTENCES.get(row["kind"])
    return (
        str(known) % {"subject": row["subject"]} if known else " ".join((_plain(row["kind"]), row["subject"])).strip()
    )


def facts(row: Mapping[Any, Any]) -> list[tuple[str, str, str]]:
    """(what, from, to) for each changed column; else (what, value, "") for each plain fact."""
    changed = row["data"].get("changed")
    if isinstance(changed, Mapping):
        return [
            (_plain(name), _value(one.get("from")), _value(one.get("to")))
            if isinstance(one, Mapping)
            else (_plain(name), _value(one), "")
            for name, one in changed.items()
        ]
    plain = {name: value for name, value in row["data"].items() if not name.endswith("_id")}
    return [(_plain(name), _value(value), "") for name, value in plain.items() if value not in ("", None)]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return day(datetime.fromisoformat(value))
    text = str(value) if value not in ("", None) else "nothing"
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _day(text: str, me: Agent, *, days: int = 0) -> datetime | None:
    """The beginning of a day in the reader's zone (UTC where they chose none)."""
    zone = ZoneInfo(me.time_zone) if me.time_zone in account.time_zones() else UTC
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
