"""Whether the event streams told everything once and in order. Pure: values in, sentences out.

Owns I7 as a client can see it: tests/unit/test_chaos_checks.py shows what each check finds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tests.chaos.final import LIVE, Final
from tests.chaos.history import Event, Json, Seen


def states_of(events: Iterable[Event]) -> dict[int, dict[int, Json]]:
    """Of each conversation its versions, as conversation.updated showed them."""
    states: dict[int, dict[int, Json]] = {}
    for event in events:
        if event.name == "conversation.updated":
            states.setdefault(event.data["conversation_id"], {})[event.data["version"]] = event.data["conversation"]
    return states


def ordered(seen: Seen) -> Iterator[str]:
    """Ids only rise, so nothing came twice; a conversation's versions never fall, and each is told once."""
    last: tuple[int, ...] = (0,)
    versions: dict[int, int] = {}
    told: Counter[tuple[int, int]] = Counter()
    for event in seen.events:
        place = tuple(int(part) for part in event.id.split("."))
        if place <= last:
            yield f"{seen.name}: {event.id} came after {last}"
        last = place
        conversation_id, version = event.data["conversation_id"], event.data["version"]
        if version < versions.get(conversation_id, 0):
            yield f"{seen.name}: conversation {conversation_id} went back to version {version}"
        versions[conversation_id] = version
        told[conversation_id, version] += event.name == "conversation.updated"
    for (conversation_id, version), times in told.items():
        if times > 1:
            yield f"{seen.name}: version {version} of conversation {conversation_id} came {times} times"


def alike(streams: Sequence[Seen]) -> Iterator[str]:
    """Clients of one project saw the same events in the same order, wherever they were cut off."""
    first = [(event.id, event.name) for event in streams[0].events]
    for other in streams[1:]:
        theirs = [(event.id, event.name) for event in other.events]
        if theirs != first:
            differing = sorted(set(first) ^ set(theirs))[:5]
            yield f"{other.name} saw {len(theirs)} events, {streams[0].name} {len(first)}; they differ in {differing}"


def complete(seen: Seen, finals: Iterable[Final]) -> Iterator[str]:
    """What the API shows was told: messages and entries once and as they are, turns and drafts as they ended."""
    messages, entries = _told(seen, "message.created", "message"), _told(seen, "timeline.created", "entry")
    turns, drafts = _told(seen, "turn.updated", "turn"), _told(seen, "draft.updated", "draft")
    for final in finals:
        for name, told, shown in (("message", messages, final.messages), ("entry", entries, final.timeline)):
            for one in shown:
                if told.get(one["id"]) != [one]:
                    yield f"{seen.name}: {name} {one['id']} was told as {told.get(one['id'])} and is {one}"
        for name, told, shown in (("turn", turns, final.turns), ("draft", drafts, final.drafts)):
            for one in shown:
                last = told.get(one["id"], [{}])[-1]
                if last != one:
                    yield f"{seen.name}: {name} {one['id']} was last told as {last} and is {one}"
    shown_messages = {message["id"] for final in finals for message in final.messages}
    for message_id in messages.keys() - shown_messages:
        yield f"{seen.name}: message {message_id} was told and is not there"


def complete_for_visitor(seen: Seen, final: Final) -> Iterator[str]:
    """The visitor saw every public message once, in order, and nothing else."""
    told = [event.data["message"]["id"] for event in seen.events if event.name == "message.created"]
    public = [message["id"] for message in final.messages if not message["private"]]
    if told != public:
        yield f"{seen.name}: messages {told} were told, {public} are there"


def ended_once(seen: Seen) -> Iterator[str]:
    """A turn that has ended stays as it ended: told once, and nothing of it comes afterwards."""
    ended: dict[int, str] = {}
    for event in seen.events:
        if event.name != "turn.updated" or "id" not in event.data["turn"]:
            continue
        turn = event.data["turn"]
        if turn["id"] in ended:
            yield f"{seen.name}: turn {turn['id']} was {ended[turn['id']]} and then {turn['status']} at {event.id}"
        if turn["status"] not in LIVE:
            ended[turn["id"]] = turn["status"]


def _told(seen: Seen, name: str, what: str) -> dict[int, list[Json]]:
    told: dict[int, list[Json]] = {}
    for event in seen.events:
        if event.name == name:
            told.setdefault(event.data[what]["id"], []).append(event.data[what])
    return told
