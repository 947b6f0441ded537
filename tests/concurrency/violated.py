"""What must hold after any schedule, and does not.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Connection, text

from tests.concurrency.world import MAIN, Row, World

STANDS: dict[str, Callable[[World, Row], bool]] = {
    "assign": lambda w, row: row["assignee_id"] == w.people.ben.id,
    "unassign": lambda w, row: row["assignee_id"] is None,
    "claim": lambda w, row: row["assignee_id"] == w.people.ben.id,
    "status": lambda w, row: row["status"] == "pending",
    "priority": lambda w, row: row["priority"] == "urgent",
    "label": lambda w, row: row["labels"] == ["vip"],
    "reply": lambda w, row: row["responder_state"] == "paused",
    "take over": lambda w, row: row["responder_state"] == "paused",
    "mark as spam": lambda w, row: row["status"] == "spam",
}
UNDO_EACH_OTHER = [{"assign", "unassign", "claim"}, {"reply", "take over", "give back"}, {"status", "mark as spam"}]
CONVERSATION = text("SELECT * FROM conversation WHERE id = :id")
TURN = text("SELECT * FROM turn WHERE id = :id")
MESSAGES = text("SELECT * FROM message WHERE conversation_id = :id ORDER BY id")
DRAFTS = text("SELECT count(*) FROM draft WHERE turn_id = :id")
LIVE = text("SELECT count(*) FROM turn WHERE conversation_id = :id AND status IN ('queued', 'thinking')")
# Where people have the conversation a visitor's message starts no turn.
TAKEN = {"reply", "take over", "mark as spam", "switch off", "send a draft"}
VERSIONS = text("SELECT DISTINCT version FROM timeline_event WHERE conversation_id = :id ORDER BY version")
CHANGES = text(
    "SELECT version FROM change WHERE conversation_id = :id AND body -> 'conversation' <> 'null'::jsonb"
    " AND version > 0 ORDER BY id"
)


def violations(connection: Connection, world: World, doing: tuple[str, ...]) -> Iterator[str]:
    """In words, each with the promise that it breaks. `doing` are the acts of people in the schedule."""
    row = connection.execute(CONVERSATION, {"id": world.at}).mappings().one()
    # The turn that thought; giving back may have started another.
    turn = connection.execute(TURN, {"id": world.work.claimed.turn_id}).mappings().one()
    messages = list(connection.execute(MESSAGES, {"id": world.at}).mappings())
    yield from _acts_stand(world, row, doing)
    yield from _not_answered_once(connection, turn, messages, doing)
    yield from _out_of_order(row, messages)
    yield from _steps_missing(connection, row)
    yield from _over_people(turn, messages)
    moved = {"restart workflow", "routing"} & set(doing)
    position = row["metadata"].get("workflowState")
    if turn["status"] == "landed" and not moved and position != {"currentNodeId": "after", "workflowVersion": 1}:
        yield "I3: the reply came without its position"


def _acts_stand(world: World, row: Row, doing: tuple[str, ...]) -> Iterator[str]:
    for act in doing:
        rivals = set().union(*(group for group in UNDO_EACH_OTHER if act in group)) - {act}
        if act in STANDS and not rivals & set(doing) and not STANDS[act](world, row):
            yield f"I1: {act} was undone"
    if "restart workflow" in doing:
        state = row["metadata"].get("workflowState")
        after_landing = world.done and world.done[-1].startswith(MAIN) is False
        if state != {"currentNodeId": None, "workflowVersion": 1} and (after_landing or len(doing) == 1):
            landed_last = any(done.startswith(MAIN) for done in world.done[world.done.index("restart workflow") :])
            if landed_last:
                yield "I1: the person's workflow position was written over"


def _not_answered_once(
    connection: Connection, turn: Row, messages: Sequence[Row], doing: tuple[str, ...]
) -> Iterator[str]:
    parked = connection.execute(DRAFTS, {"id": turn["id"]}).scalar_one()
    live = connection.execute(LIVE, {"id": turn["conversation_id"]}).scalar_one()
    replies = [m for m in messages if m["turn_id"] == turn["id"]]
    if len(replies) > 1:
        yield "I2: more than one reply"
    expected = {"landed": (1, 0), "parked": (0, 1), "cancelled": (0, 0), "superseded": (0, 0)}.get(turn["status"])
    if (len(replies), parked) != expected:
        yield f"I2, I3: the turn is {turn['status']} with {len(replies)} replies and {parked} drafts"
    if live > 1:
        yield f"I2: {live} turns are live"
    if turn["status"] == "landed" and not live and "visitor writes" in doing and not set(doing) & TAKEN:
        questions = [m["id"] for m in messages if m["author"] == "visitor"]
        if questions != turn["answers"]:
            yield f"I2: of {questions} only {turn['answers']} are answered, and no turn waits"
    if turn["status"] == "thinking":
        yield "I2: the turn did not end"


def _out_of_order(row: Row, messages: Sequence[Row]) -> Iterator[str]:
    public = [m for m in messages if not m["private"]]
    if (row["last_message_id"], row["last_message_timestamp"]) != (public[-1]["id"], public[-1]["created_at"]):
        yield "I5: the newest message is not the last one"
    if (row["last_said_id"], row["last_said_by"]) != (public[-1]["id"], public[-1]["author"]):
        yield "the list tells another author of the last message"
    if [m["created_at"] for m in public] != sorted(m["created_at"] for m in public):
        yield "I5: a message is older than the one before it"


def _steps_missing(connection: Connection, row: Row) -> Iterator[str]:
    versions = list(connection.execute(VERSIONS, {"id": row["id"]}).scalars())
    changes = list(connection.execute(CHANGES, {"id": row["id"]}).scalars())
    if versions != list(range(1, row["version"] + 1)):
        yield f"the timeline's versions are {versions}, the conversation's {row['version']}"
    if changes != sorted(changes) or changes[-1] != row["version"]:
        yield f"I7: the change log's versions are {changes}"


def _over_people(turn: Row, messages: Sequence[Row]) -> Iterator[str]:
    """A reply never stands behind a person's public words that were there before it."""
    public = [m for m in messages if not m["private"]]
    persons = [m["id"] for m in public if m["author"] == "agent" or m["sent_by"]]
    replies = [m["id"] for m in public if m["turn_id"] == turn["id"]]
    if persons and replies and persons[0] < replies[0]:
        yield "the reply was posted over a person who had already answered"
