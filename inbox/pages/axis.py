"""The race timeline: one turn that met people's acts, on a time axis from its claim to its landing.

Owns where each act stands on it and what became of the reply, in words. Must not draw: templates/parts/race.html does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext

from inbox import timeline_words
from inbox.timeline_words import clock

FAR_LEFT, FAR_RIGHT = 30, 70  # percent: beyond these the words of an act would leave the axis


@dataclass(frozen=True)
class Acted:
    """A person's act, `x` percent of the turn after its claim."""

    at: str
    words: str
    x: int
    anchor: str


@dataclass(frozen=True)
class Axis:
    """The acts in the order of time; `said` is the one whose words are shown. `words` tell all of it, for the ear."""

    acts: Sequence[Acted]
    said: Acted
    words: str
    verdict: str
    parked: bool


def axis(entry: Mapping[str, Any]) -> Axis | None:
    """The axis of a turn's last entry, or None where it met nobody."""
    data = entry["data"] or {}
    if not data.get("claimed_at") or not data.get("landed_at"):
        return None
    begin, end = (datetime.fromisoformat(data[name]) for name in ("claimed_at", "landed_at"))
    acts = sorted((_placed(one, begin, end) for one in _met(entry["kind"], data)), key=lambda act: act.x)
    if not acts:
        return None
    window = gettext(" with a window of %(ms)s ms", ms=round(data["window_ms"], 1)) if data.get("window_ms") else ""
    told = "; ".join(f"{act.words} {clock(act.at)}" for act in acts)
    words = (
        gettext("Claimed %(begin)s; %(told)s; finished %(end)s", begin=clock(begin), told=told, end=clock(end)) + window
    )
    parked = entry["kind"] == "turn_parked"
    return Axis(acts, acts[-1], words, _verdict(data, parked), parked)


def _met(kind: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(when, in words) of each act that the turn met."""
    if kind == "turn_parked":
        return [(data["at"], _parked_by(data))] if data.get("at") else []
    return [(one["at"], _did(one)) for one in data.get("kept", [])]


def _did(one: Mapping[str, Any]) -> str:
    by, value = one["by"] or gettext("somebody"), one["value"]
    if one["field"] == "assignee_id":
        whom = value["name"] if isinstance(value, Mapping) else None
        if whom is None:
            return str(gettext("%(by)s unassigned it", by=by))
        return str(gettext("%(by)s assigned %(whom)s", by=by, whom=whom))
    if one["field"] in {"status", "priority"}:
        return str(gettext("%(by)s set %(value)s", by=by, value=timeline_words.value(value)))
    field = timeline_words.field_name(one["field"])
    return str(gettext("%(by)s: %(field)s", by=by, field=field))


def _parked_by(data: Mapping[str, Any]) -> str:
    by = data.get("by") or gettext("somebody")
    said = {
        "person_replied": gettext("%(by)s replied", by=by),
        "taken_over": gettext("%(by)s took over", by=by),
        "assigned": gettext("%(by)s assigned it", by=by),
        "spam": gettext("%(by)s set spam", by=by),
    }
    return str(said.get(str(data.get("reason")), by))


def _verdict(data: Mapping[str, Any], parked: bool) -> str:
    if parked:
        return str(gettext("Parked, because %(why)s. Workflow not moved.", why=_parked_by(data)))
    fields = [timeline_words.field_name(one["field"]) for one in data.get("kept", [])]
    return str(gettext("Reply posted; kept as people set it: %(fields)s.", fields=", ".join(fields)))


def _placed(one: tuple[str, str], begin: datetime, end: datetime) -> Acted:
    at, words = one
    length = max((end - begin).total_seconds(), 0.001)
    x = round(min(98.0, max(2.0, (datetime.fromisoformat(at) - begin).total_seconds() / length * 100)))
    return Acted(at, words, x, "start" if x < FAR_LEFT else "end" if x > FAR_RIGHT else "middle")
