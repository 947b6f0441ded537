"""What the checks of `make chaos` find: a sound history passes, and each thing done to it is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos import checks, streams
from tests.chaos.final import Final
from tests.chaos.history import Event, Json, Seen, Word

ANA = {"type": "agent", "id": 7, "name": "Ana"}
AI = {"type": "responder", "id": None, "name": "AI"}
LEILA = {"type": "visitor", "id": 3, "name": "Leila"}


class Told:
    """One conversation's sound history, as clients know it: a question, a status set by a person, a landing."""

    def __init__(self) -> None:
        self.messages: list[Json] = [
            message(1, "visitor", "Where is it?"),
            message(2, "responder", "Re: Where is it?", 5),
        ]
        self.states: dict[int, Json] = {}
        state: Json = {"id": 9, "version": 0, "epoch": 0, "status": "open", "assignee_id": None, "priority": "normal"}
        state |= {"labels": [], "responder_state": "active", "metadata": {}, "last_message_id": None}
        state |= {"last_message_timestamp": None, "last_message_snippet": None, "unread_count": 0, "visitor": {}}
        self.states[0] = state
        self.step(**last(self.messages[0]))
        self.step(epoch=1, status="pending")
        self.step(**last(self.messages[1]), metadata={"workflowState": {"currentNodeId": None}})
        self.timeline = [
            entry(1, 1, "message", LEILA, message_id=1),
            entry(2, 2, "status", ANA, to="pending"),
            entry(3, 3, "turn_landed", AI, turn_id=5, message_id=2, claimed_at=at(1), kept=[{"field": "status"}]),
        ]
        self.turns: list[Json] = [{"id": 5, "status": "landed", "answers": [1], "message_id": 2}]
        self.drafts: list[Json] = []
        self.words = [Word(9, "visitor", "Where is it?", told=self.messages[0])]
        self.told = [copy.deepcopy(self.states[2])]
        self.seen, self.other = Seen("a reader", self.events()), Seen("another reader", self.events())

    def step(self, **changes: Any) -> None:
        newest = max(self.states)
        self.states[newest + 1] = copy.deepcopy(self.states[newest]) | {"version": newest + 1} | changes

    def events(self) -> list[Event]:
        told: list[tuple[int, str, Json]] = []
        for version, state in self.states.items():
            told.append((version, "conversation.updated", {"conversation": state}))
            told += [(version, "timeline.created", {"entry": e}) for e in self.timeline if e["version"] == version]
        told.insert(2, (1, "message.created", {"message": self.messages[0]}))
        told.insert(3, (1, "turn.updated", {"turn": {"id": 5, "status": "thinking"}}))
        told.append((3, "message.created", {"message": self.messages[1]}))
        told.append((3, "turn.updated", {"turn": self.turns[0]}))
        head = {"conversation_id": 9}
        return [Event(f"{n}.0", name, head | {"version": v} | what) for n, (v, name, what) in enumerate(told, start=1)]

    @property
    def final(self) -> Final:
        return Final(self.states[max(self.states)], self.messages, self.timeline, self.turns, self.drafts)

    def found(self) -> list[str]:
        return [
            *checks.conversation(self.final, self.words, self.told, self.states),
            *streams.ordered(self.seen),
            *streams.ended_once(self.seen),
            *streams.complete(self.seen, [self.final]),
            *streams.alike([self.other, self.seen]),
        ]


def at(second: int) -> str:
    return f"2026-01-25T10:00:{second:02}.000000Z"


def message(number: int, author: str, content: str, turn_id: int | None = None, private: bool = False) -> Json:
    return {
        "id": number, "author": author, "content": content, "turn_id": turn_id, "private": private,
        "created_at": at(number * 10),
    }  # fmt: skip


def last(one: Json) -> Json:
    return {
        "last_message_id": one["id"], "last_message_timestamp": one["created_at"],
        "last_message_snippet": one["content"],
    }  # fmt: skip


def entry(number: int, version: int, kind: str, actor: Json, turn_id: int | None = None, **data: Any) -> Json:
    return {
        "id": number, "at": at(number * 10), "version": version, "kind": kind, "actor": actor, "turn_id": turn_id,
        "text": f"{actor['name']}: {kind}", "data": data,
    }  # fmt: skip


def test_a_sound_history_passes() -> None:
    assert Told().found() == []


def lose_a_message(told: Told) -> None:
    told.messages.pop(0)


def write_twice(told: Told) -> None:
    told.messages.insert(1, told.messages[0] | {"id": 12})


def change_what_was_written(told: Told) -> None:
    told.messages[0]["content"] = "Something else"
    told.words[0].told = {"id": 1, "content": "Where is it?"}


def forget_an_act(told: Told) -> None:
    told.told[0]["priority"] = "high"


def skip_a_version(told: Told) -> None:
    del told.states[2]


def revert_a_status(told: Told) -> None:
    told.states[3]["status"] = "open"


def pause_unseen(told: Told) -> None:
    told.states[3]["responder_state"] = "paused"


def overrule_an_entry(told: Told) -> None:
    told.states[2]["status"] = told.states[3]["status"] = "solved"
    told.told = []


def count_an_epoch(told: Told) -> None:
    told.states[3]["epoch"] = 2


def post_twice(told: Told) -> None:
    told.messages.append(message(3, "responder", "Re: Where is it?", 5))


def answer_something_else(told: Told) -> None:
    told.messages[1]["content"] = "Re: another question"


def answer_twice(told: Told) -> None:
    told.turns.append({"id": 6, "status": "parked", "answers": [1], "message_id": None})


def think_for_ever(told: Told) -> None:
    told.turns.append({"id": 6, "status": "thinking", "answers": [], "message_id": None})


def leave_unanswered(told: Told) -> None:
    told.turns[0]["answers"] = []


def speak_over_people(told: Told) -> None:
    told.states[2]["responder_state"] = told.states[3]["responder_state"] = "paused"


def keep_unsaid(told: Told) -> None:
    told.timeline[2]["data"]["kept"] = []


def wish_over_a_person(told: Told) -> None:
    told.timeline.append(entry(4, 3, "tool", AI, turn_id=5, tool="set_status", outcome="done", wanted={}))


def go_back(told: Told) -> None:
    told.states[3]["last_message_id"] = 1


def grow_younger(told: Told) -> None:
    told.messages[0]["created_at"] = at(59)


def tell_twice(told: Told) -> None:
    told.seen.events.append(told.seen.events[-1])


def tell_out_of_order(told: Told) -> None:
    told.seen.events[0], told.seen.events[1] = told.seen.events[1], told.seen.events[0]


def tell_nothing_of_it(told: Told) -> None:
    told.seen.events = [event for event in told.seen.events if event.data.get("message", {}).get("id") != 2]


def revive_a_turn(told: Told) -> None:
    told.seen.events.append(Event("99.0", "turn.updated", told.seen.events[-1].data))


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (lose_a_message, "acknowledged message 1 'Where is it?' is lost"),
        (write_twice, "'Where is it?' is there 2 times"),
        (change_what_was_written, "message 1 is not what was acknowledged"),
        (change_what_was_written, "message 1 'Something else' was written by nobody"),
        (forget_an_act, "version 2: priority was acknowledged as 'high' and is 'normal'"),
        (skip_a_version, "acknowledged version 2 was never seen"),
        (skip_a_version, "versions are [0, 1, 3], the newest is 3"),
        (revert_a_status, "version 3: status went from 'pending' to 'open' and nobody did it"),
        (pause_unseen, "version 3: responder_state went from 'active' to 'paused' and nobody did it"),
        (overrule_an_entry, "version 2: Ana: status, but it is 'solved'"),
        (count_an_epoch, "version 3 adds 1 to the epoch"),
        (post_twice, "turn 5 (landed) has 2 public messages instead of 1"),
        (answer_something_else, "turn 5 answers [1] with 'Re: another question'"),
        (answer_twice, "message 1 was answered 2 times"),
        (think_for_ever, "turn 6 is still thinking"),
        (leave_unanswered, "message 1 of version 1 was never answered and nobody has taken it"),
        (speak_over_people, "turn 5 spoke at version 3 although the conversation was ('paused', 'pending')"),
        (keep_unsaid, "version 3: AI: turn_landed, ignoring Ana: status of version 2"),
        (wish_over_a_person, "version 3: AI: tool, ignoring Ana: status of version 2"),
        (go_back, "the last message is 2"),
        (grow_younger, "message 2 is older than 1"),
        (tell_twice, "a reader: 11.0 came after (11, 0)"),
        (tell_out_of_order, "a reader: 1.0 came after (2, 0)"),
        (tell_nothing_of_it, "a reader: message 2 was told as None"),
        (tell_nothing_of_it, "a reader saw 10 events, another reader 11"),
        (revive_a_turn, "a reader: turn 5 was landed and then landed at 99.0"),
    ],
)
def test_what_was_done_to_it_is_found(done: Callable[[Told], None], words: str) -> None:
    told = Told()
    done(told)
    assert [one for one in told.found() if words in one], told.found()
