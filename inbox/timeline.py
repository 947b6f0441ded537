"""The timeline's sentences: what happened in a conversation, by whom, in a person's words.

Owns the wording. Facts are stored in timeline_event.data; the sentence is made when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

REASONS = {
    "person_replied": "a person replied first",
    "taken_over": "a person took over",
    "assigned": "it was assigned meanwhile",
    "spam": "it was marked as spam",
    "policy": "the project's rule says so",
    "responder_off": "the responder was switched off",
    "gone": "the conversation is gone",
    "stopped": "it was stopped",
    "newer_turn": "a newer turn answers",
    "model_failed": "the model failed",
    "model_timeout": "the model took too long",
    "bad_decision": "the model gave no usable decision",
    "cycle": "the workflow went in circles",
    "spend_cap": "the spend cap is reached",
    "attempts": "it failed too often",
    "no_answer": "it had no answer",
    "asked": "it was asked to",
}
FIELDS = {
    "assignee_id": "assignment",
    "status": "status",
    "priority": "priority",
    "labels": "labels",
    "custom_attributes": "attributes",
    "metadata.workflowState": "workflow position",
    "note": "note",
}
MOST_WORDS = 140  # characters of what a tool was asked for
Entry = Mapping[str, Any]


def sentence(entry: Entry) -> str:
    """One sentence about a timeline_event row (kind, actor_name, at, data)."""
    word = SENTENCES.get(entry["kind"])
    return word(_actor(entry), entry["data"] or {}, entry) if word else f"{_actor(entry)}: {entry['kind']}"


def clock(at: Any) -> str:
    """The time of day of a moment, given as a datetime or in ISO 8601, in UTC."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return moment.strftime("%H:%M:%S")


def _actor(entry: Entry) -> str:
    defaults = {"responder": "AI", "visitor": "The visitor", "agent": "A colleague", "system": "Tandem"}
    return str(entry["actor_name"] or defaults[entry["actor_type"]])


def _name(person: Any) -> str:
    return str(person.get("name") or "somebody") if isinstance(person, Mapping) else "somebody"


def _reason(data: Mapping[str, Any]) -> str:
    return REASONS.get(str(data.get("reason")), str(data.get("reason")))


def _assigned(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    to = data.get("to") or {}
    if data.get("rule"):
        return f"{actor} assigned it to {_name(to)}, as the project’s rule has it"
    whom = "themselves" if to.get("id") is not None and to.get("id") == entry["actor_id"] else _name(to)
    return f"{actor} assigned it to {whom}"


def _unassigned(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "member_removed":
        return f"{actor} took {_name(data.get('from'))} out of the team, so it is assigned to nobody"
    return f"{actor} assigned it to nobody"


def _status(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "solve_after_days":
        return f"It was solved, because nobody wrote for {data.get('days')} days, the project’s rule"
    return f"{actor} set the status to {data.get('to')}"


def _labels(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    parts = [f"{word} {', '.join(data[word])}" for word in ("added", "removed") if data.get(word)]
    return f"{actor} changed the labels: {'; '.join(parts)}"


def _landed(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    at = clock(data.get("landed_at") or entry["at"])
    kept = [
        f"{one['by'] or 'somebody'}’s {FIELDS.get(one['field'], one['field'])} of {clock(one['at'])} kept"
        for one in data.get("kept", [])
    ]
    return f"{actor} finished {at}" + (f"; {', '.join(kept)}" if kept else "")


def _parked(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    at = clock(data.get("landed_at") or entry["at"])
    who = f"{data['by']} " if data.get("by") else ""
    why = {
        "person_replied": f"{who or 'a person '}replied first",
        "taken_over": f"{who or 'a person '}took over",
        "assigned": f"{who or 'a person '}assigned it meanwhile",
        "spam": f"{who or 'a person '}marked it as spam",
    }.get(str(data.get("reason")), _reason(data))
    return f"{actor} finished {at}; its reply is parked, because {why}"


def _message(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] != "agent":
        return f"{actor} wrote"
    if not data.get("draft_id"):
        return f"{actor} replied"
    left = "; the workflow stays where it is" if data.get("position_applied") is False else ""
    return f"{actor} sent the AI’s parked reply{left}"


def _dropped(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] != "agent":
        return f"{actor} did not answer, because {_reason(data)}"
    return f"{actor} discarded the AI’s parked reply" if data.get("draft_id") else f"{actor} stopped the AI"


def _tool(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    wish = str(data.get("tool", "")).replace("_", " ")
    wanted = ", ".join(str(value) for value in (data.get("wanted") or {}).values())
    if data.get("outcome") in {"called", "failed"}:  # one of the project's own, called by its own name
        failed = f"; it failed, because {data.get('failure')}" if data["outcome"] == "failed" else ""
        return f"{actor} asked {data.get('tool')}" + (f" for {_cut(wanted)}" if wanted else "") + failed
    if isinstance(data.get("to"), Mapping):
        wanted = _name(data["to"])
    if data.get("outcome") == "done":
        return f"{actor}: {wish} {wanted}"
    kept = data.get("kept")
    wish = "set" if data.get("tool") == "set_status" else wish
    return f"{actor} wanted to {wish} {wanted}; " + (_what_was_kept(kept) if kept else "it was not done")


def _what_was_kept(kept: Mapping[str, Any]) -> str:
    """A person's act that the responder's wish yielded to."""
    value, by, at = kept["value"], kept.get("by") or "somebody", clock(kept["at"])
    if kept["field"] == "assignee_id":
        whom = _name(value) if value else "nobody"
        return f"the assignment to {whom} at {at} was kept"
    if kept["field"] == "labels":
        return f"{by} had removed that label at {at}"
    if kept["field"] == "responder_state":
        return f"{by} had given the conversation back at {at}"
    return f"the {value} set at {at} was kept"


def _cut(words: str) -> str:
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1] + "…"


def _moved(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] == "agent":
        return f"{actor} moved the workflow to {data['to']}" if data.get("to") else f"{actor} restarted the workflow"
    if data.get("why"):
        return f"{actor} started the workflow over, because the step {data.get('from')} is gone from it"
    route = f" by {data['route']}" if data.get("route") else ""
    return f"{actor} went from {data.get('from')}{route} to {data.get('to') or 'the end'}"


def _given_back(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "when_solved":
        return f"{actor} gave it back to the responder by solving it, as the project’s rule has it"
    if data.get("rule") == "after_hours":
        hours = data.get("hours")
        return f"{actor} gave it back to the responder: no agent wrote for {hours} h, the project’s rule"
    return f"{actor} gave it back to the responder"


def _reopened(_actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    return (
        "It was reopened, because its snooze ended" if data.get("rule") else "It was reopened by the visitor’s message"
    )


def _rated(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    comment = str(data.get("comment") or "")
    return f"{actor} rated it {data.get('score')} of 5" + (f": “{_cut(comment)}”" if comment else "")


def _simple(words: str) -> Callable[[str, Mapping[str, Any], Entry], str]:
    return lambda actor, data, _entry: words.format(actor=actor, **data)


SENTENCES: dict[str, Callable[[str, Mapping[str, Any], Entry], str]] = {
    "message": _message,
    "note": _simple("{actor} added a note"),
    "assigned": _assigned,
    "unassigned": _unassigned,
    "status": _status,
    "priority": lambda actor, data, _entry: f"{actor} set the priority to {data.get('to')}",
    "labels": _labels,
    "custom_attributes": lambda actor, data, _entry: f"{actor} changed {', '.join(data.get('changed', []))}",
    "taken_over": _simple("{actor} took over"),
    "given_back": _given_back,
    "handed_off": lambda actor, data, _entry: f"{actor} handed off, because {_reason(data)}",
    "reopened": _reopened,
    "turn_landed": _landed,
    "turn_parked": _parked,
    "turn_dropped": _dropped,
    "tool": _tool,
    "rated": _rated,
    "workflow_moved": _moved,
}
