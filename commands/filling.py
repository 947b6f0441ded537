"""What a filled inbox is made of: courses that conversations take, and the words in them. Pure.

Owns the courses. Everything that a conversation's row says (version, epoch, status, unread) follows from its course, as
it does in the product, where every write is one step of the version. Must not store anything.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from commands import demo
from commands.customers import DATA
from responder.words import hand_off_words

FEWEST_WORDS = 6  # shorter lines of the dialogues answer a question that is not shown
Step = Literal["asks", "answers", "hands off", "replies", "takes", "solves", "waits for them", "snoozes", "discards"]


@dataclass(frozen=True)
class Course:
    """One way that a conversation goes: its steps, and how many in a thousand go that way, long ago and lately."""

    steps: tuple[Step, ...]
    formerly: int
    lately: int

    @property
    def epoch(self) -> int:
        """The acts of people."""
        return sum(STEPS[step].actor == "agent" for step in self.steps)

    @property
    def status(self) -> str:
        """What the last act on the status left."""
        return next((status for step in reversed(self.steps) if (status := STEPS[step].status)), "open")

    @property
    def responder_state(self) -> str:
        """What the last step that changed it left."""
        states = {"replies": "paused", "hands off": "handed_off"}
        return next((states[step] for step in reversed(self.steps) if step in states), "active")

    @property
    def assigned(self) -> bool:
        """Whether somebody took it."""
        return "takes" in self.steps

    @property
    def unread(self) -> int:
        """What the visitor wrote since a person last did anything."""
        return sum(STEPS[step].author == "visitor" for step in _since_a_person(self.steps))


def _since_a_person(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    acts = [place for place, step in enumerate(steps) if STEPS[step].actor == "agent"]
    return steps[acts[-1] + 1 :] if acts else steps


@dataclass(frozen=True)
class Kind:
    """What a step writes: its entry in the timeline, whose it is, a message by its author, the status it sets."""

    entry: str
    actor: str
    seconds: int  # after the step before
    author: str | None = None
    words: str | None = None
    status: str | None = None


STEPS: dict[Step, Kind] = {
    "asks": Kind("message", "visitor", 150, "visitor", "questions"),
    "answers": Kind("turn_landed", "responder", 9, "responder", "answers"),
    "hands off": Kind("handed_off", "responder", 7, "responder", "hand-offs"),
    "replies": Kind("message", "agent", 240, "agent", "replies"),
    "takes": Kind("assigned", "agent", 90),
    "solves": Kind("status", "agent", 60, status="solved"),
    "waits for them": Kind("status", "agent", 20, status="pending"),
    "snoozes": Kind("status", "agent", 20, status="snoozed"),
    "discards": Kind("status", "agent", 20, status="spam"),
}

COURSES = (
    Course(("asks", "answers"), 60, 290),
    Course(("asks", "answers", "solves"), 380, 100),
    Course(("asks", "answers", "asks", "answers"), 30, 180),
    Course(("asks", "answers", "asks", "answers", "solves"), 220, 60),
    Course(("asks", "hands off"), 4, 110),
    Course(("asks", "hands off", "takes", "replies"), 6, 60),
    Course(("asks", "hands off", "takes", "replies", "asks", "replies", "solves"), 190, 60),
    Course(("asks", "answers", "takes", "replies", "waits for them"), 10, 60),
    Course(("asks", "answers", "takes", "replies", "asks"), 5, 40),
    Course(("asks", "answers", "takes", "replies", "solves"), 80, 20),
    Course(("asks", "answers", "takes", "snoozes"), 0, 15),
    Course(("asks", "answers", "discards"), 15, 5),
)
LABELS = ("return", "order", "account", "refund", "shipping", "card", "vip")
NAMES = (
    "Leila Haddad", "Tom Okafor", "Crystal Minh", "Joyce Wu", "Alessandro Phoenix", "Rodriguez Domingo", "Chloe Zhang",
    "Norman Bouchard", "Sanya Afzal", "Amélie Girard", "Jakub Nowak", "Ngọc Lê", "Marta Lopes", "Yuki Tanaka",
    "Albert Sanders", "David Williams", "Emir Yılmaz", "Sophie Keller", "Daniel Osei", "Priya Nair",
)  # fmt: skip


def names() -> list[str]:
    """Visitors' names: every first name with every last one."""
    pairs = [name.split(" ", 1) for name in NAMES]
    return [f"{first} {last}" for first, _ in pairs for _, last in pairs]


def words() -> dict[str, list[str]]:
    """What is said, by who says it: customers' and agents' words that ship with the demo, and its snippets."""
    dialogues = json.loads((DATA / "abcd" / "dialogues.json").read_text(encoding="utf-8"))
    rows = csv.DictReader((DATA / "banking77" / "questions.csv").read_text(encoding="utf-8").splitlines())
    snippets = demo.snippets()
    return {
        "questions": [row["text"] for row in rows] + list(_said(dialogues, "customer")),
        "answers": [content for _, content in snippets],
        "hand-offs": [hand_off_words("en")],
        "replies": list(_said(dialogues, "agent")),
    }


def _said(dialogues: list[Any], speaker: str) -> Iterator[str]:
    for dialogue in dialogues:
        for who, line in dialogue["original"]:
            if who == speaker and len(line.split()) >= FEWEST_WORDS:
                yield line
