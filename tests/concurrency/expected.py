"""What must be true of one conversation, kept beside it while random things happen to it.

Owns the model: what people set, where the workflow stands, and which messages somebody has to answer. It knows the
product's promises, not its statements; `violations` compares it with the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.values import Work
from tests.people import People

Row = Mapping[Any, Any]
COLUMNS = ("status", "assignee_id", "priority", "labels", "responder_state")
ANSWERING = ("landed", "parked", "handed_off")
LIVE = ("queued", "thinking")
RESTARTED = {"currentNodeId": None, "workflowVersion": 1}


@dataclass
class Held:
    """A turn in the hands of a worker, with what the worker had read when it began."""

    work: Work
    version: int
    state: Mapping[str, Any] | None

    @property
    def turn_id(self) -> int:
        """The turn's."""
        return self.work.claimed.turn_id


@dataclass
class Expected:
    """The model. `owed` are the visitor's messages that the responder has still to answer; people are `promised` to a
    visitor who was handed off to them, until one speaks or the responder is asked anew.
    """

    columns: dict[str, Any]
    state: Mapping[str, Any] | None = None
    set_at: dict[str, int] = field(default_factory=dict)
    moved_at: int = 0
    enabled: bool = True
    promised: bool = False
    owed: set[int] = field(default_factory=set)
    parked: dict[int, tuple[Mapping[str, Any], Mapping[str, Any] | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row) -> Expected:
        """Of an empty conversation."""
        return cls({name: row[name] for name in COLUMNS})

    def person_set(self, row: Row, **changes: Any) -> None:
        """A person's PATCH was answered with this row."""
        for name, value in changes.items():
            if self.columns[name] != value:
                self.columns[name] = value
                self.set_at[name] = row["version"]

    def visitor_wrote(self, message_id: int, *, left: bool = False) -> None:
        """It reopens, and is owed an answer where the responder has it and does not leave the message to people."""
        self.reopened()
        if self.is_the_responders and not left:
            self.owed.add(message_id)
            self.promised = False

    def reopened(self) -> None:
        """By the visitor."""
        if self.columns["status"] in ("solved", "snoozed"):
            self.columns["status"] = "open"

    @property
    def is_the_responders(self) -> bool:
        """Whether what a visitor writes now is answered by the responder."""
        return self.enabled and self.columns["responder_state"] == "active" and self.columns["status"] != "spam"

    def people_have_it(self, responder_state: str) -> None:
        """Nothing is owed by the responder any more."""
        self.columns["responder_state"] = responder_state
        self.owed.clear()
        self.promised = self.promised or responder_state == "handed_off"

    def given_back(self, newest: Row | None) -> None:
        """The responder has it again, and owes an answer if the last word is the visitor's."""
        if self.columns["responder_state"] != "active":
            self.columns["responder_state"] = "active"
            if newest is not None and newest["author"] == "visitor" and self.is_the_responders:
                self.owed.add(newest["id"])
                self.promised = False

    def stands_for(self, held: Held) -> bool:
        """Whether the workflow still stands where this turn last saw it, and nobody has moved it."""
        return self.moved_at <= held.version and self.state == held.state

    def landed(self, held: Held, turn: Row, intents: Mapping[str, Any], position: Mapping[str, Any] | None) -> None:
        """The turn ended so; a wish of the responder counts only where no person has set that column since."""
        self.owed -= set(turn["answers"])
        if turn["status"] == "parked":
            assert position is not None
            self.parked[turn["draft_id"]] = (position, held.state)
        if turn["status"] == "handed_off":
            self.people_have_it("handed_off")
        if turn["status"] != "landed":
            return
        for name, value in intents.items():
            if self.set_at.get(name, 0) <= held.version:
                self.columns[name] = value
        if self.stands_for(held):
            self.state = position

    def kept_since(self, held: Held) -> set[str]:
        """The columns that people set while the turn thought: the timeline must name each."""
        return {name for name, version in self.set_at.items() if version > held.version} - {"responder_state"}


def violations(expected: Expected, people: People) -> Iterator[str]:
    """What is not as it must be."""
    row, turns, messages = people.conversation(), people.turns(), people.messages()
    for name, value in expected.columns.items():
        if row[name] != value:
            yield f"I1: {name} is {row[name]!r} and was set to {value!r}"
    if row["metadata"].get("workflowState") != expected.state:
        yield f"I1: the workflow stands at {row['metadata'].get('workflowState')}, not at {expected.state}"
    discarded = {draft["turn_id"] for draft in people.drafts() if draft["state"] == "discarded"}
    yield from _turns(expected, turns, messages, discarded)
    yield from _seen(row, turns, expected.promised or _waits(turns, messages))
    yield from _one_chain(row, messages, people.timeline())


def _turns(expected: Expected, turns: list[Row], messages: list[Row], discarded: set[int]) -> Iterator[str]:
    """What people `discarded` has answered nobody: another turn may, once they have given it back."""
    answering = [turn for turn in turns if turn["status"] in ANSWERING and turn["id"] not in discarded]
    answered = Counter(answer for turn in answering for answer in turn["answers"])
    if answered and max(answered.values()) > 1:
        yield f"I2: answered more than once: {answered}"
    live = [turn for turn in turns if turn["status"] in LIVE]
    if len(live) > 1:
        yield f"I2: {len(live)} live turns"
    if expected.owed - set(answered) and not live:
        yield f"I2: nobody answers {sorted(expected.owed - set(answered))}"
    posts = Counter(m["turn_id"] for m in messages if m["author"] == "responder")
    for turn in turns:
        most = {"landed": 1, "handed_off": 1, "parked": 1}.get(turn["status"], 0)
        least = 0 if turn["status"] == "parked" else most
        if not least <= posts[turn["id"]] <= most:
            yield f"I3: turn {turn['id']} is {turn['status']} and posted {posts[turn['id']]} times"


def _seen(row: Row, turns: list[Row], waits: bool) -> Iterator[str]:
    """Who waits is answered by a turn or seen by people; and nobody is said to wait who does not."""
    live = any(turn["status"] in LIVE for turn in turns)
    wanted = row["responder_state"] == "handed_off" or row["left_to_people"]
    aside = row["status"] in ("solved", "snoozed", "spam")  # by a person, for a visitor's message opens it
    if waits and not (live or wanted or aside or row["has_draft"]):
        yield f"nobody answers the visitor's last message, and nobody sees it: {row['responder_state']}"
    if row["left_to_people"] and not waits:
        yield "the visitor is said to wait, and does not"


def _waits(turns: list[Row], messages: list[Row]) -> bool:
    """Whether the visitor's last message is neither answered by a turn nor followed by a person's words."""
    answered = {answer for turn in turns if turn["status"] == "landed" for answer in turn["answers"]}
    asked = max((m["id"] for m in messages if m["author"] == "visitor"), default=None)
    by_people = (m["id"] for m in messages if not m["private"] and (m["author"] == "agent" or m["sent_by"]))
    return asked is not None and asked not in answered and asked > max(by_people, default=0)


def _one_chain(row: Row, messages: list[Row], timeline: list[Row]) -> Iterator[str]:
    versions = sorted({entry["version"] for entry in timeline})
    if versions != list(range(1, row["version"] + 1)):
        yield f"the timeline's versions are {versions}, the conversation's is {row['version']}"
    public = [message for message in messages if not message["private"]]
    times = [message["created_at"] for message in public]
    if times != sorted(times):
        yield "I5: a message is older than the one before it"
    if public and (row["last_message_id"], row["last_message_timestamp"]) != (public[-1]["id"], times[-1]):
        yield "I5: the newest message is not the last one"
    if public and (row["last_said_id"], row["last_said_by"]) != (public[-1]["id"], public[-1]["author"]):
        yield "the list tells another author of the last message"
