"""The audit log in words: what each kind of entry says, and what its facts are called.

Owns the sentences and names. A kind or a fact without one is shown by its own word:
tests/unit/inbox/test_audit_sentences.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inbox.pages import breakdowns, hours_words, reports, settings, widget_settings
from inbox.pages.words import day
from inbox.saying import later, said

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)")
MOST_CHARACTERS = 120  # of a value; instructions are long
# What each kind says behind the actor's name; %(subject)s is whom or what it was done to.
SENTENCES = {
    "project_made": later("made the project"),
    "settings_changed": later("changed the settings"),
    "workflow_saved": later("saved the workflow, %(subject)s"),
    "capacity_changed": later("changed the capacity of %(subject)s"),
    "role_changed": later("changed the role of %(subject)s"),
    "member_removed": later("took %(subject)s out of the team"),
    "invited": later("invited %(subject)s"),
    "invitation_revoked": later("revoked the invitation of %(subject)s"),
    "joined": later("joined the team"),
    "signed_in": later("signed in"),
    "sign_in_failed": later("did not get in: a sign-in failed"),
    "password_changed": later("changed their password"),
    "password_given": later("gave %(subject)s a new password"),
    "second_factor_taken": later("took the second factor of %(subject)s away"),
    "second_factor_on": later("added a second factor (%(subject)s)"),
    "second_factor_off": later("removed a second factor (%(subject)s)"),
    "recovery_codes_made": later("made new recovery codes"),
    "webhook_created": later("made the webhook %(subject)s"),
    "webhook_changed": later("changed the webhook %(subject)s"),
    "webhook_rotated": later("gave the webhook %(subject)s a new secret"),
    "webhook_switched_off": later("switched off the webhook %(subject)s"),
    "webhook_tested": later("sent a test event to the webhook %(subject)s"),
    "webhook_replayed": later("had events sent to the webhook %(subject)s once more"),
    "webhook_deleted": later("deleted the webhook %(subject)s"),
    "snippet_created": later("wrote the snippet %(subject)s"),
    "snippet_changed": later("changed the snippet %(subject)s"),
    "snippet_deleted": later("deleted the snippet %(subject)s"),
    "snippets_imported": later("imported snippets"),
    "canned_reply_created": later("wrote the canned reply %(subject)s"),
    "canned_reply_changed": later("changed the canned reply %(subject)s"),
    "canned_reply_deleted": later("deleted the canned reply %(subject)s"),
    "visitor_erased": later("erased %(subject)s with every word"),
    "visitor_copied": later("took a copy of all that is kept of %(subject)s"),
    "token_created": later("made the API token %(subject)s"),
    "token_revoked": later("ended the API token %(subject)s"),
    "tool_created": later("made the tool %(subject)s"),
    "tool_changed": later("changed the tool %(subject)s"),
    "tool_tried": later("tried the tool %(subject)s"),
    "tool_deleted": later("deleted the tool %(subject)s"),
    "tool_host_added": later("allowed tools to call %(subject)s"),
    "tool_host_removed": later("forbade tools to call %(subject)s"),
    "identity_secret_made": later("made a new identity secret for the widget"),
    "identity_secrets_ended": later("ended the widget’s identity secrets"),
    "label_coloured": later("gave the label %(subject)s a colour"),
    "label_uncoloured": later("took the colour of the label %(subject)s away"),
    "label_renamed": later("renamed the label %(subject)s everywhere"),
    "label_removed": later("removed the label %(subject)s everywhere"),
    "hours_changed": later("changed the working hours"),
    "export": later("exported %(subject)s"),
}

# What is named by a word and its number, as the log keeps it.
NUMBERED = {"version": later("version %(number)s"), "visitor": later("visitor %(number)s")}
EXPORTED = later("the report “%(plot)s”")

FACTS = {
    # of the project
    "name": later("name"),
    "responder_enabled": later("the responder answers"),
    "mode": later("mode"),
    "answers_when": later("when it answers"),
    "on_assignment": later("once somebody is assigned"),
    "resume_rule": later("when the responder goes on"),
    "resume_after_hours": later("hours until it goes on"),
    "cap_tokens_visitor_hour": later("tokens for one visitor in an hour"),
    "cap_tokens_day": later("tokens in a day"),
    "solve_after_days": later("days until it is solved by itself"),
    "assign_rule": later("who is assigned by itself"),
    "assign_capacity": later("open conversations for each agent"),
    "instructions": later("instructions"),
    "language": later("language of replies"),
    "widget_brand": later("colour of the widget"),
    "widget_greeting": later("greeting of the widget"),
    "widget_position": later("place of the widget"),
    "widget_asks_email": later("when the widget asks for an e-mail address"),
    "widget_ask_person": later("when a visitor may ask for a person"),
    "widget_origins": later("allowed origins"),
    "require_second_factor": later("second factor for everybody"),
    # of members, and how they came in
    "role": later("role"),
    "capacity": later("capacity"),
    "expires_at": later("ends"),
    "scope": later("scope"),
    "how": later("by"),
    "device": later("device"),
    "address": later("address"),
    # of webhooks and tools
    "url": later("address"),
    "description": later("description"),
    "events": later("events"),
    "enabled": later("switched on"),
    "event": later("event"),
    "deliveries": later("deliveries"),
    "reason": later("reason"),
    "parameters": later("parameters"),
    "method": later("method"),
    "header_name": later("header"),
    "header_value": later("secret"),
    # of the rest
    "week": later("week"),
    "holidays": later("holidays"),
    "time_zone": later("time zone"),
    "new": later("new"),
    "changed": later("changed"),
    "colour": later("colour"),
    "conversations": later("conversations"),
    "since": later("since"),
}
CHOICES: dict[str, Mapping[str, str]] = {
    **settings.CHOICES,
    **widget_settings.CHOICES,
    "role": {"agent": later("agent"), "manager": later("manager")},
    "how": {
        "password": later("password"),
        "passkey": later("passkey"),
        "app": later("app"),
        "code": later("code"),
        "command line": later("command line"),
    },
    "scope": {
        "read": later("Only read"),
        "answer": later("Read, and act in conversations"),
        "full": later("All that you may do"),
    },
    "reason": {"gone": later("it is gone"), "failing": later("it took nothing for days")},
    "header_value": {"entered anew": later("entered anew")},
}


def kind_name(kind: str) -> str:
    """A kind as one chooses it from a list."""
    words = sentence({"kind": kind, "subject": "…"})
    return words[:1].upper() + words[1:]


def sentence(row: Mapping[Any, Any]) -> str:
    """What was done, behind the name of who did it."""
    if row["kind"] in SENTENCES:
        return said(SENTENCES[row["kind"]], subject=_subject(row["subject"]))
    return f"{_plain(row['kind'])} {row['subject']}".strip()


def _subject(subject: str) -> str:
    """Whom or what, in the reader's words where the log names it by a kind and not by a name of its own."""
    if subject in CHOICES["how"]:
        return said(CHOICES["how"][subject])
    for named, sentence in NUMBERED.items():
        number = subject.removeprefix(f"{named} ")
        if number != subject and number.isdecimal():
            return said(sentence, number=number)
    plot = subject.removeprefix("report: ")
    titles = breakdowns.TITLES | {key: words[0] for key, words in reports.WORDS.items()}
    return said(EXPORTED, plot=said(titles[plot])) if plot in titles else subject


def facts(row: Mapping[Any, Any]) -> list[tuple[str, str, str]]:
    """(what, from, to) for each changed column; else (what, value, "") for each plain fact."""
    changed = row["data"].get("changed")
    if isinstance(changed, Mapping):
        return [
            (_fact(name), _value(name, one.get("from")), _value(name, one.get("to")))
            if isinstance(one, Mapping)
            else (_fact(name), _value(name, one), "")
            for name, one in changed.items()
        ]
    plain = {name: value for name, value in row["data"].items() if not name.endswith("_id")}
    return [(_fact(name), _value(name, value), "") for name, value in plain.items() if value not in ("", None)]


def _fact(name: str) -> str:
    return said(FACTS[name]) if name in FACTS else _plain(name)


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return said("on") if value else said("off")
    if isinstance(value, str) and value in CHOICES.get(name, {}):
        return said(CHOICES[name][value])
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return day(datetime.fromisoformat(value))
    text = _text(name, value) or said("nothing")
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _text(name: str, value: Any) -> str:
    """A value of several parts as a list of them; a week as visitors are told it."""
    if name == "week" and isinstance(value, Mapping):
        return "; ".join(hours_words.of_week(value))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _plain(name: str) -> str:
    return name.replace("_", " ")
