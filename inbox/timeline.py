"""The timeline's sentences: what happened in a conversation, by whom, in a person's words.

Owns the wording; timeline_words.py has what reasons and columns are called. Facts are stored in timeline_event.data;
the sentence is made when it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from inbox.saying import said
from inbox.timeline_words import clock, field_name, reason, value

MOST_WORDS = 140  # characters of what a tool was asked for
Entry = Mapping[str, Any]


def sentence(entry: Entry) -> str:
    """One sentence about a timeline_event row (kind, actor_name, at, data)."""
    word = SENTENCES.get(entry["kind"])
    return word(_actor(entry), entry["data"] or {}, entry) if word else f"{_actor(entry)}: {entry['kind']}"


def _actor(entry: Entry) -> str:
    defaults = {"responder": "AI", "visitor": said("The visitor"), "agent": said("A colleague"), "system": "Tandem"}
    return str(entry["actor_name"] or defaults[entry["actor_type"]])


def _name(person: Any) -> str:
    return str((person.get("name") if isinstance(person, Mapping) else None) or said("somebody"))


def _assigned(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    to = data.get("to") or {}
    if data.get("rule"):
        return said("%(actor)s assigned it to %(whom)s, as the project’s rule has it", actor=actor, whom=_name(to))
    if to.get("id") is not None and to.get("id") == entry["actor_id"]:
        return said("%(actor)s assigned it to themselves", actor=actor)
    return said("%(actor)s assigned it to %(whom)s", actor=actor, whom=_name(to))


def _unassigned(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "member_removed":
        whom = _name(data.get("from"))
        return said("%(actor)s took %(whom)s out of the team, so it is assigned to nobody", actor=actor, whom=whom)
    return said("%(actor)s assigned it to nobody", actor=actor)


def _status(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "solve_after_days":
        return said("It was solved, because nobody wrote for %(days)s days, the project’s rule", days=data.get("days"))
    return said("%(actor)s set the status to %(to)s", actor=actor, to=value(data.get("to")))


def _labels(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    words = {"added": said("added"), "removed": said("removed")}
    parts = [f"{words[how]} {', '.join(data[how])}" for how in ("added", "removed") if data.get(how)]
    return said("%(actor)s changed the labels: %(parts)s", actor=actor, parts="; ".join(parts))


def _landed(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    kept = [
        said(
            "%(by)s’s %(field)s of %(at)s kept",
            by=one["by"] or said("somebody"),
            field=field_name(one["field"]),
            at=clock(one["at"]),
        )
        for one in data.get("kept", [])
    ]
    finished = said("%(actor)s finished %(at)s", actor=actor, at=clock(data.get("landed_at") or entry["at"]))
    return "; ".join([finished, ", ".join(kept)]) if kept else finished


def _parked(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    who = data.get("by") or said("a person")
    why = {
        "person_replied": said("%(who)s replied first", who=who),
        "taken_over": said("%(who)s took over", who=who),
        "assigned": said("%(who)s assigned it meanwhile", who=who),
        "spam": said("%(who)s marked it as spam", who=who),
    }.get(str(data.get("reason")), reason(data.get("reason")))
    at = clock(data.get("landed_at") or entry["at"])
    return said("%(actor)s finished %(at)s; its reply is parked, because %(why)s", actor=actor, at=at, why=why)


def _message(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] != "agent":
        return said("%(actor)s wrote", actor=actor)
    if not data.get("draft_id"):
        return said("%(actor)s replied", actor=actor)
    if data.get("position_applied") is False:
        return said("%(actor)s sent the AI’s parked reply; the workflow stays where it is", actor=actor)
    return said("%(actor)s sent the AI’s parked reply", actor=actor)


def _dropped(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] != "agent":
        return said("%(actor)s did not answer, because %(why)s", actor=actor, why=reason(data.get("reason")))
    if data.get("draft_id"):
        return said("%(actor)s discarded the AI’s parked reply", actor=actor)
    return said("%(actor)s stopped the AI", actor=actor)


def _tool(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    wanted = ", ".join(str(value) for value in (data.get("wanted") or {}).values())
    if data.get("outcome") in {"called", "failed"}:  # one of the project's own, called by its own name
        return _called(actor, data, _cut(wanted))
    wish = str(data.get("tool", "")).replace("_", " ")
    if isinstance(data.get("to"), Mapping):
        wanted = _name(data["to"])
    if data.get("outcome") == "done":
        return f"{actor}: {wish} {wanted}"
    kept = data.get("kept")
    wish = "set" if data.get("tool") == "set_status" else wish
    came_to = _what_was_kept(kept) if kept else said("it was not done")
    if data.get("outcome") == "gone":
        came_to = said("they had left the team by then")
    wish = f"{wish} {wanted}"
    return said("%(actor)s wanted to %(wish)s; %(came_to)s", actor=actor, wish=wish, came_to=came_to)


def _called(actor: str, data: Mapping[str, Any], wanted: str) -> str:
    tool = str(data.get("tool"))
    asked = said("%(actor)s asked %(tool)s", actor=actor, tool=tool)
    if wanted:
        asked = said("%(actor)s asked %(tool)s for %(wanted)s", actor=actor, tool=tool, wanted=wanted)
    if data["outcome"] == "failed":
        return said("%(asked)s; it failed, because %(why)s", asked=asked, why=data.get("failure"))
    return asked


def _what_was_kept(kept: Mapping[str, Any]) -> str:
    """A person's act that the responder's wish yielded to."""
    set_to, by, at = kept["value"], kept.get("by") or said("somebody"), clock(kept["at"])
    if kept["field"] == "visitor_attribute":
        return (
            said("the %(value)s set meanwhile was kept", value=set_to)
            if set_to is not None
            else said("it had been removed meanwhile")
        )
    if kept["field"] == "assignee_id":
        whom = _name(set_to) if set_to else said("nobody")
        return said("the assignment to %(whom)s at %(at)s was kept", whom=whom, at=at)
    if kept["field"] == "labels":
        return said("%(by)s had removed that label at %(at)s", by=by, at=at)
    if kept["field"] == "responder_state":
        return said("%(by)s had given the conversation back at %(at)s", by=by, at=at)
    return said("the %(value)s set at %(at)s was kept", value=value(set_to), at=at)


def _cut(words: str) -> str:
    return words if len(words) <= MOST_WORDS else words[: MOST_WORDS - 1] + "…"


def _moved(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    begin, to, route = data.get("from"), data.get("to"), data.get("route")
    if entry["actor_type"] == "agent":
        if to:
            return said("%(actor)s moved the workflow to %(to)s", actor=actor, to=to)
        return said("%(actor)s restarted the workflow", actor=actor)
    if data.get("why"):
        return said(
            "%(actor)s started the workflow over, because the step %(step)s is gone from it", actor=actor, step=begin
        )
    end = to or said("the end")
    if route:
        return said(
            "%(actor)s went from %(begin)s by %(route)s to %(end)s", actor=actor, begin=begin, route=route, end=end
        )
    return said("%(actor)s went from %(begin)s to %(end)s", actor=actor, begin=begin, end=end)


def _given_back(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule") == "when_solved":
        return said("%(actor)s gave it back to the responder by solving it, as the project’s rule has it", actor=actor)
    if data.get("rule") == "after_hours":
        return said(
            "%(actor)s gave it back to the responder: no agent wrote for %(hours)s h, the project’s rule",
            actor=actor,
            hours=data.get("hours"),
        )
    return said("%(actor)s gave it back to the responder", actor=actor)


def _handed_off(actor: str, data: Mapping[str, Any], entry: Entry) -> str:
    if entry["actor_type"] == "visitor":
        return said("%(actor)s asked for a person", actor=actor)
    return said("%(actor)s handed off, because %(why)s", actor=actor, why=reason(data.get("reason")))


def _reopened(_actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("rule"):
        return said("It was reopened, because its snooze ended")
    return said("It was reopened by the visitor’s message")


def _removed(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    if data.get("note"):
        return said("%(actor)s removed a note", actor=actor)
    if data.get("author") == "visitor":
        return said("%(actor)s removed a message of the visitor", actor=actor)
    if data.get("author") == "responder":
        return said("%(actor)s removed a message of the AI", actor=actor)
    return said("%(actor)s removed a message", actor=actor)


def _rated(actor: str, data: Mapping[str, Any], _entry: Entry) -> str:
    rated = said("%(actor)s rated it %(score)s of 5", actor=actor, score=data.get("score"))
    comment = str(data.get("comment") or "")
    return f"{rated}: “{_cut(comment)}”" if comment else rated


SENTENCES: dict[str, Callable[[str, Mapping[str, Any], Entry], str]] = {
    "message": _message,
    "message_removed": _removed,
    "note_edited": lambda actor, _data, _entry: said("%(actor)s edited a note", actor=actor),
    "note": lambda actor, _data, _entry: said("%(actor)s added a note", actor=actor),
    "assigned": _assigned,
    "unassigned": _unassigned,
    "status": _status,
    "priority": lambda actor, data, _entry: said(
        "%(actor)s set the priority to %(to)s", actor=actor, to=value(data.get("to"))
    ),
    "labels": _labels,
    "custom_attributes": lambda actor, data, _entry: said(
        "%(actor)s changed %(names)s", actor=actor, names=", ".join(data.get("changed", []))
    ),
    "taken_over": lambda actor, _data, _entry: said("%(actor)s took over", actor=actor),
    "given_back": _given_back,
    "handed_off": _handed_off,
    "needs_no_answer": lambda actor, _data, _entry: said("%(actor)s found nothing to answer", actor=actor),
    "reopened": _reopened,
    "turn_landed": _landed,
    "turn_parked": _parked,
    "turn_dropped": _dropped,
    "tool": _tool,
    "rated": _rated,
    "workflow_moved": _moved,
}
