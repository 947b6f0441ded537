"""How values look on a page: template filters.

Owns presentation. Everything that a visitor, a model or an agent wrote goes through `rendered`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import nh3
from flask import Flask
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup, escape

from inbox import representation, timeline, timeline_words
from inbox.note_edits import may_edit
from inbox.pages import axis, call_words, model_words, parked, telling
from inbox.removing import may_remove

CODE = re.compile(r"```[\w+-]*\n(.*?)\n?```", re.DOTALL)
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")

# What the database has a short name for, as people call it.
WORDS = {
    "open": lazy_gettext("Open"),
    "pending": lazy_gettext("Pending"),
    "snoozed": lazy_gettext("Snoozed"),
    "solved": lazy_gettext("Solved"),
    "spam": lazy_gettext("Spam"),
    "low": lazy_gettext("Low"),
    "normal": lazy_gettext("Normal"),
    "high": lazy_gettext("High"),
    "urgent": lazy_gettext("Urgent"),
}


def register(app: Flask) -> None:
    """Add the filters to the templates, and what they ask."""
    app.jinja_env.globals.update(unanswered=unanswered, may_remove=may_remove, may_edit=may_edit)
    app.jinja_env.filters.update(
        rendered=rendered,
        initials=initials,
        clock=clock,
        day=day,
        moment=representation.moment,
        visitor_name=visitor_name,
        sentence=timeline.sentence,
        told=telling.told,
        turn_words=turn_words,
        parked_why=parked_why,
        axis=axis.axis,
        carries=parked.carries,
        word=word,
        marked=marked,
        of_call=call_words.of_call,
        is_barred=call_words.is_barred,
        model_advice=model_words.advice,
    )


def rendered(text: str, mentions: Sequence[Mapping[str, Any]] = ()) -> Markup:
    """Hostile text as safe HTML: paragraphs, lines, links, fenced code, the names of who is mentioned, nothing else."""
    parts = CODE.split(text.strip())  # every second one is code
    html = "".join(_code(part) if n % 2 else _paragraphs(part, mentions) for n, part in enumerate(parts))
    clean = nh3.clean(
        html,
        tags={"p", "br", "a", "span", "pre"},
        attributes={"a": {"href"}, "span": {"class"}},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # nh3 has cleaned it


def _code(part: str) -> str:
    return f"<pre>{escape(part)}</pre>"


def _paragraphs(text: str, mentions: Sequence[Mapping[str, Any]]) -> str:
    found = [part.strip("\n") for part in re.split(r"\n{2,}", text) if part.strip()]
    lines = [str(escape(part)).replace("\n", "<br>") for part in found]
    return "".join(f"<p>{LINK.sub(_link, _mentioned(part, mentions))}</p>" for part in lines)


def marked(content: str, terms: Sequence[str] = (), most: int | None = None) -> Markup:
    """Text with what a search found in it marked; with `most`, so many characters, the first find early in them."""
    line = " ".join(content.split())
    found = re.compile("|".join(re.escape(term) for term in terms) or r"(?!)", re.IGNORECASE)
    first = found.search(line)
    if most and first and first.end() > most // 4:  # a row shows a third of its text, or less
        start = max(0, first.start() - most // 8)
        line = "…" + line[line.find(" ", start, first.start()) + 1 or start :]
    if most and len(line) > most:
        line = line[:most] + "…"
    parts, last = [], 0
    for one in found.finditer(line):
        parts += [escape(line[last : one.start()]), Markup("<mark>{}</mark>").format(one.group())]
        last = one.end()
    return Markup("").join([*parts, escape(line[last:])])


def _mentioned(html: str, mentions: Sequence[Mapping[str, Any]]) -> str:
    """Escaped text with a mark around each name behind an @, the longest first."""
    names = sorted((str(escape(one["name"])) for one in mentions), key=len, reverse=True)
    if not names:
        return html
    signs = re.compile(rf"(?<!\w)@(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)
    return signs.sub(lambda match: f'<span class="mention">{match.group(0)}</span>', html)


def _link(match: re.Match[str]) -> str:
    return f'<a href="{match.group(0)}">{match.group(0)}</a>'


def word(name: str) -> str:
    """A status or a priority in the reader's language."""
    return str(WORDS.get(name, name))


def initials(name: str | None) -> str:
    """At most two letters."""
    return "".join(part[0] for part in (name or "?").split()[:2]).upper()


def clock(at: Any, seconds: bool = False) -> str:
    """The time of day in UTC; a script shows it in the reader's zone."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return moment.astimezone(UTC).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at: datetime) -> str:
    """The date and time of day in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def visitor_name(visitor: Mapping[str, Any]) -> str:
    """The visitor's name, or what one can tell them apart by."""
    return str(visitor["name"] or visitor["email"] or gettext("Visitor %(number)s", number=visitor["id"]))


def unanswered(left_to_people: bool, status: str, live_turn: object) -> bool:
    """Whether the visitor waits for a person's words, and no turn is at it."""
    return left_to_people and status in ("open", "pending") and not live_turn


def parked_why(reason: str) -> str:
    """Why a reply is parked, as the beginning of a sentence."""
    words = timeline_words.reason(reason)
    return words[:1].upper() + words[1:]


def turn_words(turn: Mapping[str, Any]) -> str:
    """How a turn stands, in words, with the reason where it has one."""
    words = {
        "queued": gettext("Waits for a worker"),
        "thinking": gettext("Thinking"),
        "landed": gettext("Answered"),
        "parked": gettext("Parked"),
        "handed_off": gettext("Handed off"),
        "superseded": gettext("Left to another turn"),
        "cancelled": gettext("Cancelled"),
        "failed": gettext("Failed"),
    }
    reason = turn["reason"]
    stands = words.get(turn["status"], turn["status"])
    return f"{stands}: {timeline_words.reason(reason)}" if reason else stands
