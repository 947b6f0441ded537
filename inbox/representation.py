"""From rows to SURFACE's JSON, in one place for the API and the event streams.

Owns names and forms of what goes out. Takes rows of the database and rows as the change log keeps them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from inbox.listed import waits_since
from inbox.saying import Say
from inbox.timeline import sentence
from inbox.workshop import Problem

Row = Mapping[Any, Any]  # of the database, or of the change log
MOMENT_KEYS = frozenset({"claimed_at", "landed_at", "at"})
EDITED = ("created_at", "updated_at")  # of what a manager keeps


def moment(value: Any) -> str | None:
    """RFC 3339 in UTC with microseconds, from a datetime or from the text that PostgreSQL's to_jsonb makes of one."""
    if value is None:
        return None
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.astimezone(UTC).isoformat("T", "microseconds")[: -len("+00:00")] + "Z"


def _told(row: Row, names: Iterable[str], moments: Iterable[str] = ()) -> dict[str, Any]:
    """These columns of a row by their names, the moments among them in the form that goes out."""
    return {**{name: row[name] for name in names}, **{name: moment(row[name]) for name in moments}}


def conversation(row: Row, visitor: Row) -> dict[str, Any]:
    """A Conversation; `visitor` is the visitor's row."""
    plain = (
        "id", "status", "assignee_id", "priority", "labels", "unread_count", "last_message_snippet", "metadata",
        "custom_attributes", "responder_state", "version", "epoch",
    )  # fmt: skip
    moments = ("snoozed_until", "assigned_at", "last_message_timestamp", "created_at")
    return {
        **_told(row, plain, moments),
        "last_message_id": row["last_message_id"],
        "waiting_since": moment(waits_since(row)),
        "visitor": visitor_of(visitor),
    }


def problem(found: Problem, say: Say) -> dict[str, Any]:
    """What is wrong with a workflow, and where."""
    return {"code": found.code, "message": say(found.sentence, **found.filled), "node": found.node, "edge": found.edge}


def visitor_of(row: Row) -> dict[str, Any]:
    """A visitor as agents see them."""
    return _told(row, ("id", "external_id", "name", "email", "verified", "custom_attributes"))


def visitor(row: Row) -> dict[str, Any]:
    """A visitor by themselves; `version` is their ETag."""
    return {**visitor_of(row), "version": row["version"], "created_at": moment(row["created_at"])}


def message(row: Row) -> dict[str, Any]:
    """A Message as agents see it."""
    names = ("id", "conversation_id", "author", "author_id", "author_name", "content", "private", "turn_id", "sent_by")
    details = row["details"] or {}
    return {
        **_told(row, names),
        "citations": details.get("citations", []),
        "attachments": [
            attachment(file, f"/api/v1/conversations/{row['conversation_id']}")
            for file in details.get("attachments", [])
        ],
        "created_at": moment(row["created_at"]),
        "edited_at": moment(details.get("edited_at")),
        "removed": "removed" in details,
    }


def message_for_visitor(row: Row) -> dict[str, Any]:
    """A public Message as its visitor sees it: the same form, without what is the team's alone."""
    shown = {name: value for name, value in message(row).items() if name not in {"sent_by", "citations", "edited_at"}}
    files = (row["details"] or {}).get("attachments", [])
    return shown | {"attachments": [attachment(file, "/api/v1/widget") for file in files]}


def attachment(row: Row, under: str) -> dict[str, Any]:
    """A file, with the address at which whoever may read it fetches it."""
    return _told(row, ("id", "name", "type", "bytes")) | {"url": f"{under}/attachments/{row['key']}"}


def turn(row: Row) -> dict[str, Any]:
    """A Turn."""
    names = (
        "id", "conversation_id", "status", "reason", "attempt", "answers", "message_id", "draft_id", "window_ms",
        "lock_wait_ms", "model_ms", "first_token_ms", "model", "endpoint", "prompt_tokens", "completion_tokens",
        "workflow_version", "path", "tool_calls",
    )  # fmt: skip
    return _told(row, names, ("created_at", "claimed_at", "ended_at"))


def draft(row: Row) -> dict[str, Any]:
    """A Draft."""
    names = ("id", "conversation_id", "turn_id", "content", "reason", "state", "position_applied")
    return _told(row, names, ["created_at"])


def entry(row: Row) -> dict[str, Any]:
    """A timeline entry with its sentence."""
    return {
        "id": row["id"],
        "at": moment(row["at"]),
        "version": row["version"],
        "kind": row["kind"],
        "actor": {"type": row["actor_type"], "id": row["actor_id"], "name": row["actor_name"]},
        "turn_id": row["turn_id"],
        "text": sentence(row),
        "data": _with_moments(row["data"] or {}),
    }


def project(row: Row) -> dict[str, Any]:
    """A project's settings. Never its other projects' and never a secret."""
    names = (
        "id", "name", "key", "responder_enabled", "mode", "answers_when", "on_assignment", "instructions", "language",
        "resume_rule", "resume_after_hours", "solve_after_days", "cap_tokens_visitor_hour", "cap_tokens_day",
        "assign_rule", "assign_capacity", "workflow_version", "widget_brand", "widget_greeting", "widget_position",
        "widget_asks_email", "widget_ask_person", "widget_origins",
    )  # fmt: skip
    return _told(row, names)


def workflow(row: Row) -> dict[str, Any]:
    """One version of a workflow with its definition, as saved."""
    return {"version": row["version"], "workflow": row["definition"], **workflow_saved(row)}


def workflow_saved(row: Row) -> dict[str, Any]:
    """Who saved a version of a workflow, and when; `saved_by` is null for one that a command made."""
    author = {"id": row["created_by"], "name": row["author_name"]} if row["created_by"] is not None else None
    return {"saved_at": moment(row["created_at"]), "saved_by": author}


def rating(row: Row) -> dict[str, Any]:
    """What a visitor thought."""
    return _told(row, ("id", "conversation_id", "score", "comment"), ["created_at"])


def snippet(row: Row) -> dict[str, Any]:
    """A piece of the team's knowledge."""
    return _told(row, ("id", "title", "content", "version", "changed_by"), EDITED)


def saved_view(row: Row) -> dict[str, Any]:
    """A view that somebody saved."""
    names = ("id", "name", "view", "search", "sort", "shared", "created_by")
    return _told(row, names, ["created_at"])


def member(row: Row) -> dict[str, Any]:
    """A member of the project; `seen_at` is when they last looked at a page here."""
    return _told(row, ("id", "name", "email", "role", "second_factor"), ("joined_at", "seen_at"))


def invitation(row: Row) -> dict[str, Any]:
    """An open invitation, without its link."""
    return _told(row, ("id", "email", "role", "invited_by"), ("created_at", "expires_at"))


def canned_reply(row: Row) -> dict[str, Any]:
    """A canned reply, its variables as they are."""
    return _told(row, ("id", "shortcut", "content", "version", "changed_by"), EDITED)


def audit_entry(row: Row) -> dict[str, Any]:
    """An entry of the audit log; `actor` is null where nobody was known."""
    actor = {"id": row["actor_id"], "name": row["actor_name"]} if row["actor_id"] is not None else None
    return _told(row, ("id", "kind", "subject", "data"), ["at"]) | {"actor": actor}


def use(row: Row) -> dict[str, Any]:
    """A reply that cites a snippet."""
    names = {"message_id": "id", "conversation_id": "conversation_id", "content": "content"}
    return {**{name: row[column] for name, column in names.items()}, "created_at": moment(row["created_at"])}


def webhook(row: Row) -> dict[str, Any]:
    """An address that is told of events. Never its secret."""
    names = ("id", "url", "description", "events", "enabled", "off_reason", "version", "changed_by")
    return _told(row, names, ("previous_until", "failing_since", "rests_until", *EDITED))


def token(row: Row) -> dict[str, Any]:
    """An API token of an agent, without the token itself."""
    return _told(row, ("id", "name", "scope"), ("created_at", "expires_at", "last_used_at"))


def delivery(row: Row) -> dict[str, Any]:
    """One event on its way to a webhook, with every attempt."""
    names = ("id", "webhook_id", "conversation_id", "version", "event_id", "kind", "body", "state", "failures")
    return {
        **_told(row, names),
        "due_at": moment(row["due_at"]) if row["state"] == "waiting" else None,
        "tries": _with_moments(row["tries"]),
        **_told(row, (), ("created_at", "ended_at")),
    }


def tool(row: Row) -> dict[str, Any]:
    """A project's own tool. That it has a secret is said, the secret never."""
    names = (
        "id", "name", "description", "parameters", "method", "url", "header_name", "has_secret", "version",
        "changed_by",
    )  # fmt: skip
    return _told(row, names, EDITED)


def tool_host(row: Row) -> dict[str, Any]:
    """A host that the project's tools may call."""
    return _told(row, ("id", "host", "added_by"), ["added_at"])


def _with_moments(value: Any) -> Any:
    """Facts with their moments in the form that goes out."""
    if isinstance(value, Mapping):
        return {k: moment(v) if k in MOMENT_KEYS and isinstance(v, str) else _with_moments(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_moments(one) for one in value]
    return value
