"""Whether what clients were told and saw agrees with what is there in the end. Pure: values in, sentences out.

Owns the meaning of "nothing lost, nothing twice, nothing reverted" for one conversation; tests/chaos/streams.py has the
streams'. Each check has a test that shows what it finds: tests/unit/test_chaos_checks.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tests.chaos.final import LIVE, Final
from tests.chaos.history import Json, Word

KNOWN = timedelta(seconds=1)  # what happened so soon after the claim the turn may have read before it thought
ANSWERING = ("landed", "parked", "handed_off")
UNVERSIONED = ("unread_count", "visitor")  # may change without a version
FIELDS = {
    "status": {"status", "reopened"},
    "assignee_id": {"assigned", "unassigned"},
    "priority": {"priority"},
    "labels": {"labels"},
    "responder_state": {"taken_over", "given_back", "handed_off", "message"},
    "metadata": {"workflow_moved", "turn_landed", "message"},
}
TOOLS = {"status": "set_status", "priority": "set_priority", "labels": "add_label"}
KEPT = {name: name for name in ("status", "priority", "labels")} | dict.fromkeys(
    ["assigned", "unassigned"], "assignee_id"
)


def conversation(final: Final, words: Sequence[Word], told: Sequence[Json], states: Mapping[int, Json]) -> list[str]:
    """Everything that is wrong with one conversation. `states` are its versions, as the streams showed them."""
    found = [
        *written(final, words),
        *acknowledged(told, states),
        *chain(final, states),
        *explained(final, states),
        *turns(final),
        *overtaken(final, states),
        *yielded(final),
        *answered(final, states),
        *newest(final),
    ]
    return [f"conversation {final.conversation['id']}: {one}" for one in found]


def written(final: Final, words: Sequence[Word]) -> Iterator[str]:
    """Every acknowledged message is there once, as it was answered; an unclear one at most once; none from nobody."""
    there = Counter(message["content"] for message in final.messages)
    by_id = {message["id"]: message for message in final.messages}
    for word in words:
        if there[word.content] > 1:
            yield f"{word.content!r} is there {there[word.content]} times"
        if word.told is not None:
            message = by_id.get(word.told["id"])
            if message is None:
                yield f"acknowledged message {word.told['id']} {word.content!r} is lost"
            elif any(message.get(name) != value for name, value in word.told.items()):
                yield f"message {word.told['id']} is not what was acknowledged: {message} instead of {word.told}"
    known = {word.content for word in words}
    for message in final.messages:
        if message["author"] != "responder" and message["content"] not in known:
            yield f"message {message['id']} {message['content']!r} was written by nobody"


def acknowledged(told: Sequence[Json], states: Mapping[int, Json]) -> Iterator[str]:
    """Every act that was answered with a conversation is the version that everybody saw."""
    for one in told:
        state = states.get(one["version"])
        if state is None:
            yield f"acknowledged version {one['version']} was never seen"
        else:
            for name in one.keys() - set(UNVERSIONED):
                if one[name] != state[name]:
                    yield f"version {one['version']}: {name} was acknowledged as {one[name]!r} and is {state[name]!r}"


def chain(final: Final, states: Mapping[int, Json]) -> Iterator[str]:
    """Versions are 0, 1, 2 … without a gap up to the newest; an epoch is added by people's acts only."""
    newest = final.conversation["version"]
    if sorted(states) != list(range(newest + 1)):
        yield f"versions are {sorted(states)}, the newest is {newest}"
        return
    for name in final.conversation.keys() - set(UNVERSIONED):
        if final.conversation[name] != states[newest][name]:
            yield f"{name} is {final.conversation[name]!r}, the last version had {states[newest][name]!r}"
    peoples = {entry["version"] for entry in final.timeline if entry["actor"]["type"] == "agent"}
    for version in range(1, newest + 1):
        step = states[version]["epoch"] - states[version - 1]["epoch"]
        if step != (version in peoples):
            yield f"version {version} adds {step} to the epoch"


def explained(final: Final, states: Mapping[int, Json]) -> Iterator[str]:
    """No value changes without an entry of that version saying so, and every entry's value is that version's."""
    entries: dict[int, list[Json]] = {}
    for entry in final.timeline:
        entries.setdefault(entry["version"], []).append(entry)
    for version in sorted(states.keys() - {0}):
        if version - 1 not in states:
            continue
        here = entries.get(version, [])
        for name in FIELDS:
            before, now = states[version - 1][name], states[version][name]
            if before != now and not any(_explains(entry, name, now) for entry in here):
                yield f"version {version}: {name} went from {before!r} to {now!r} and nobody did it: {here}"
        for entry in here:
            if entry["kind"] in {"status", "priority"} and states[version][entry["kind"]] != entry["data"]["to"]:
                yield f"version {version}: {entry['text']}, but it is {states[version][entry['kind']]!r}"


def _explains(entry: Json, name: str, now: object) -> bool:
    data = entry["data"]
    if entry["kind"] == "tool":
        return bool(data["tool"] == TOOLS.get(name) and data["outcome"] == "done")
    if entry["kind"] not in FIELDS[name]:
        return False
    if entry["kind"] == "assigned":
        return bool(data["to"]["id"] == now)
    values = {"unassigned": None, "reopened": "open", "taken_over": "paused", "given_back": "active"}
    if entry["kind"] in values:
        return values[entry["kind"]] == now
    return entry["kind"] not in {"status", "priority"} or bool(data["to"] == now)


def turns(final: Final) -> Iterator[str]:
    """Every turn ended, said as much as its end allows, and answered what no other turn answered."""
    posted: dict[int, list[Json]] = {}
    for message in final.messages:
        if message["turn_id"] is not None and not message["private"]:
            posted.setdefault(message["turn_id"], []).append(message)
    sent = {draft["turn_id"] for draft in final.drafts if draft["state"] == "sent"}
    answers: Counter[int] = Counter()
    contents = {message["id"]: message["content"] for message in final.messages}
    for turn in final.turns:
        said = posted.pop(turn["id"], [])
        expected = int(turn["status"] in {"landed", "handed_off"} or turn["id"] in sent)
        if len(said) != expected:
            yield f"turn {turn['id']} ({turn['status']}) has {len(said)} public messages instead of {expected}"
        if turn["status"] in ANSWERING:
            answers.update(turn["answers"])
        if turn["status"] == "landed" and said and turn["answers"]:
            if said[0]["id"] != turn["message_id"]:
                yield f"turn {turn['id']} says its message is {turn['message_id']}, it is {said[0]['id']}"
            if contents.get(max(turn["answers"]), "") not in said[0]["content"]:
                yield f"turn {turn['id']} answers {turn['answers']} with {said[0]['content']!r}"
        if turn["status"] in LIVE:
            yield f"turn {turn['id']} is still {turn['status']}"
    for turn_id, said in posted.items():
        yield f"messages {[message['id'] for message in said]} are of turn {turn_id}, which is not there"
    for message_id, times in answers.items():
        if times > 1:
            yield f"message {message_id} was answered {times} times"


def overtaken(final: Final, states: Mapping[int, Json]) -> Iterator[str]:
    """The responder says nothing where people have the conversation at that moment."""
    for entry in final.timeline:
        before = states.get(entry["version"] - 1)
        posted = entry["kind"] in {"turn_landed", "handed_off"} and entry["data"].get("message_id") is not None
        if posted and before is not None and (before["responder_state"] != "active" or before["status"] == "spam"):
            state = (before["responder_state"], before["status"])
            yield f"turn {entry['turn_id']} spoke at version {entry['version']} although the conversation was {state}"


def yielded(final: Final) -> Iterator[str]:
    """The responder yields to what a person did while it thought, and its landing names what it kept."""
    claims = {e["turn_id"]: e["data"]["claimed_at"] for e in final.timeline if "claimed_at" in e["data"]}
    for entry in final.timeline:
        if entry["turn_id"] not in claims or entry["actor"]["type"] != "responder":
            continue
        begun = _moment(claims[entry["turn_id"]]) + KNOWN
        for act in final.timeline:
            meanwhile = act["version"] < entry["version"] and _moment(act["at"]) > begun
            if meanwhile and act["actor"]["type"] == "agent" and _ignores(entry, act):
                yield f"version {entry['version']}: {entry['text']}, ignoring {act['text']} of version {act['version']}"


def _ignores(entry: Json, act: Json) -> bool:
    if entry["kind"] == "tool":
        same = act["kind"] in {"status", "priority"} and TOOLS[act["kind"]] == entry["data"]["tool"]
        return bool(same and entry["data"]["outcome"] == "done")
    if entry["kind"] != "turn_landed":
        return False
    kept = {one["field"] for one in entry["data"]["kept"]}
    return act["kind"] == "message" or (act["kind"] in KEPT and KEPT[act["kind"]] not in kept)


def answered(final: Final, states: Mapping[int, Json]) -> Iterator[str]:
    """A visitor's message that no turn answered has a reason: people had the conversation, or took it afterwards."""
    covered = {one for turn in final.turns if turn["status"] in ANSWERING for one in turn["answers"]}
    versions = {
        entry["data"]["message_id"]: entry["version"]
        for entry in final.timeline
        if entry["kind"] == "message" and entry["actor"]["type"] == "visitor"
    }
    for message_id, version in versions.items():
        state = states.get(version)
        if message_id in covered or state is None or state["responder_state"] != "active" or state["status"] == "spam":
            continue
        if not any(_takes(entry) for entry in final.timeline if entry["version"] > version):
            yield f"message {message_id} of version {version} was never answered and nobody has taken it"


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _takes(entry: Json) -> bool:
    if entry["kind"] == "status":
        return bool(entry["data"]["to"] == "spam")
    stopped = entry["kind"] == "turn_dropped" and entry["data"].get("reason") == "stopped"
    by_person = entry["actor"]["type"] == "agent" and entry["kind"] in {"message", "taken_over"}
    return stopped or by_person or entry["kind"] == "handed_off"


def newest(final: Final) -> Iterator[str]:
    """last_message_* are the newest public message's, and no message is older than the one before it."""
    public = [message for message in final.messages if not message["private"]]
    if public:
        there = (final.conversation["last_message_id"], final.conversation["last_message_timestamp"])
        if there != (public[-1]["id"], public[-1]["created_at"]):
            yield f"the last message is {public[-1]['id']} of {public[-1]['created_at']}, the conversation says {there}"
        if final.conversation["last_message_snippet"] != public[-1]["content"][:140]:
            yield f"the snippet is {final.conversation['last_message_snippet']!r}"
    for one, other in pairwise(public):
        if one["created_at"] > other["created_at"]:
            yield f"message {other['id']} is older than {one['id']}"
