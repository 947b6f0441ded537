"""The statements of the landing: one re-fetch, and for each verdict one statement that commits by itself.

Owns the SQL only. Must not decide: jobs/decide.py does, and jobs/landing.py binds the two together.

Every statement opens alike (`door`): it locks the conversation where its version is still the one that was
re-fetched, then the turn where attempt and status are still ours, and writes nothing where either fails:
tests/concurrency/test_landing.py, tests/concurrency/test_turns.py::test_fence. What it updates it names, so that no
value that a person set is reverted (I1): tests/concurrency/test_columns.py. It is one statement, so that reply,
position, turn and timeline are one transaction (I3): tests/concurrency/test_unknown_commit.py.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from inbox.act_parts import AS_OBJECT, NEWEST_QUESTION, WAITED_FOR, last_word
from inbox.change import change_cte
from inbox.conversation import MOST_LABELS
from jobs import remembering

REFETCH = text(
    f"""
SELECT c.version, c.epoch, c.status, c.responder_state, c.left_to_people, c.metadata,
    t.status AS turn_status, t.attempt, p.responder_enabled, p.on_assignment, clock_timestamp() AS fetched_at,
    {NEWEST_QUESTION.format("c.id")} AS newest_question_id,
    CASE WHEN c.epoch <> :epoch THEN (
        SELECT jsonb_agg(jsonb_build_object(
            'kind', e.kind, 'version', e.version, 'actor_id', e.actor_id, 'actor_name', e.actor_name,
            'at', e.at, 'data', e.data) ORDER BY e.version, e.id)
        FROM timeline_event e
        WHERE e.conversation_id = c.id AND e.version > :since AND e.actor_type = 'agent')
    END AS acts
FROM conversation c JOIN project p ON p.id = c.project_id JOIN turn t ON t.id = :turn AND t.conversation_id = c.id
WHERE c.id = :conversation
"""
)

METADATA = AS_OBJECT.format("conversation.metadata")
STATE = AS_OBJECT.format("conversation.metadata -> 'workflowState'")
# Merged, never replaced, and in SQL: other keys survive even a writer who does not count versions:
# tests/concurrency/test_landing.py::test_metadata_written_behind_the_version
MERGE = f"metadata = {METADATA} || jsonb_build_object('workflowState', {STATE} || CAST(:state AS jsonb))"


def _door(before: str = "", only: str = "") -> str:
    return f"""{before}
at_door AS (
    SELECT id FROM conversation WHERE id = :conversation AND version = :version{only} FOR NO KEY UPDATE),
ours AS (
    SELECT turn.id FROM turn JOIN at_door ON turn.conversation_id = at_door.id
    WHERE turn.id = :turn AND turn.attempt = :attempt AND turn.status = 'thinking'
    FOR UPDATE OF turn)"""


DOOR = _door()
DOOR_WITH_VISITOR = _door(remembering.AT_VISITOR, " AND EXISTS (SELECT FROM at_visitor)")

MESSAGE = """
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_name, content, turn_id, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'responder', :author_name, :content, ours.id,
        CAST(:details AS jsonb), c.last_message_timestamp
    FROM c, ours RETURNING *)"""

WINDOW = "round(CAST(extract(epoch FROM clock_timestamp() - CAST(:fetched_at AS timestamptz)) * 1000 AS numeric), 3)"

# The next turn comes from the row of the one that ends, so that the index of live turns sees that one ended.
NEXT_TURN = """
n AS (
    INSERT INTO turn (project_id, conversation_id)
    SELECT t.project_id, t.conversation_id FROM t WHERE :next_turn
    ON CONFLICT (conversation_id) WHERE status IN ('queued', 'thinking') DO NOTHING
    RETURNING *)"""


def _end_turn(message: str, draft: str) -> str:
    return f"""
t AS (
    UPDATE turn SET
        status = :turn_status, reason = :reason, ended_at = clock_timestamp(), lease_until = NULL,
        answers = CAST(:answers AS bigint[]), answers_up_to = :answers_up_to, message_id = {message},
        draft_id = {draft}, window_ms = {WINDOW}, lock_wait_ms = :lock_wait_ms,
        workflow_version = COALESCE(CAST(:workflow_version AS integer), turn.workflow_version),
        model_ms = :model_ms, first_token_ms = :first_token_ms, model = :model, endpoint = :endpoint,
        prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens, path = CAST(:path AS jsonb),
        tool_calls = CAST(:tool_calls AS jsonb)
    FROM c, ours WHERE turn.id = ours.id
    RETURNING turn.*)"""


# The first entry tells how the turn ended; the rest come as they are.
ENTRIES = """
e AS (
    INSERT INTO timeline_event
        (project_id, conversation_id, version, kind, actor_type, actor_id, actor_name, turn_id, data)
    SELECT c.project_id, c.id, c.version, listed.kind, listed.actor_type, NULL, listed.actor_name, ours.id,
        CASE WHEN listed.place = 1 THEN listed.data || jsonb_strip_nulls(jsonb_build_object(
            'message_id', t.message_id, 'draft_id', t.draft_id, 'claimed_at', t.claimed_at,
            'landed_at', t.ended_at, 'window_ms', t.window_ms)) ELSE listed.data END
    FROM c, ours, t, ROWS FROM (
        jsonb_to_recordset(CAST(:entries AS jsonb)) AS (kind text, actor_type text, actor_name text, data jsonb)
    ) WITH ORDINALITY AS listed (kind, actor_type, actor_name, data, place)
    ORDER BY listed.place
    RETURNING *)"""

ANSWER = (
    "SELECT c.version, c.metadata, t.message_id, t.draft_id, t.window_ms, (SELECT id FROM n) AS next_turn FROM c, t"
)

# Of what was left to people, the turn may have answered all after all.
STILL_WAITS = """left_to_people = NOT :next_turn AND EXISTS (
        SELECT 1 FROM message q
        WHERE q.conversation_id = conversation.id AND q.author = 'visitor' AND q.id > :answers_up_to)"""

# The responder's own effects, each a named column and only there where the landing carries it.
EFFECTS = {
    "set_status": "status = :set_status, snoozed_until = CASE"
    " WHEN CAST(:set_status AS text) = 'snoozed' THEN conversation.snoozed_until END",
    "set_priority": "priority = :set_priority",
    "add_label": "labels = conversation.labels || (ARRAY(SELECT l FROM unnest(CAST(:add_labels AS text[])) AS l"
    f" WHERE l <> ALL (conversation.labels)))[1:GREATEST(0, {MOST_LABELS} - cardinality(conversation.labels))]",
    "assign_to": "assignee_id = :assign_to, assigned_at = clock_timestamp()",
    "hand_off": "responder_state = 'handed_off', handed_off_reason = COALESCE(CAST(:reason AS text), 'asked')",
}


@cache
def post(merges: bool, effects: frozenset[str] = frozenset(), waited: bool = False) -> TextClause:
    """The final reply. Without effects it updates last_message_* (with its author), metadata (where a workflow ran) and
    version only; where something was left to people, also whether it still is.
    """
    columns = [last_word("responder", ":snippet"), *([MERGE] if merges else []), *([STILL_WAITS] if waited else [])]
    columns += [EFFECTS[name] for name in EFFECTS if name in effects]
    parts = [
        DOOR_WITH_VISITOR if "set_visitor_attribute" in effects else DOOR,
        f"""
c AS (
    UPDATE conversation SET version = conversation.version + 1, {", ".join(columns)}
    FROM ours WHERE conversation.id = :conversation
    RETURNING conversation.*)""",
        MESSAGE,
    ]
    messages: tuple[str, ...] = ("m",)
    if "add_note" in effects:
        parts.append(NOTES)
        messages = ("m", "notes")
    if "set_visitor_attribute" in effects:
        parts.append(remembering.REMEMBER)
    parts += [_end_turn("c.last_message_id", "NULL"), NEXT_TURN, ENTRIES]
    parts.append(change_cte(messages=messages, turns=("t", "n"), entries=("e",)))
    return text("WITH " + ",".join(parts) + ANSWER)


NOTES = """
notes AS (
    INSERT INTO message (project_id, conversation_id, author, author_name, content, private, turn_id, step)
    SELECT c.project_id, c.id, 'responder', :author_name, note, true, ours.id, place
    FROM c, ours, unnest(CAST(:notes AS text[])) WITH ORDINALITY AS listed (note, place) RETURNING *)"""

# Nothing of the conversation changes but its version.
STEP = """
c AS (
    UPDATE conversation SET version = conversation.version + 1
    FROM ours WHERE conversation.id = :conversation
    RETURNING conversation.*)"""


@cache
def park() -> TextClause:
    """The reply becomes a draft with its reason and the position it carried; the workflow stays where it is."""
    parts = [
        DOOR,
        STEP,
        """
d AS (
    INSERT INTO draft (project_id, conversation_id, turn_id, content, reason, position, position_from, details)
    SELECT c.project_id, c.id, ours.id, :content, :reason, CAST(:position AS jsonb), CAST(:position_from AS jsonb),
        CAST(:details AS jsonb)
    FROM c, ours RETURNING *)""",
        _end_turn("NULL", "(SELECT id FROM d)"),
        NEXT_TURN,
        ENTRIES,
        change_cte(turns=("t", "n"), drafts=("d",), entries=("e",)),
    ]
    return text("WITH " + ",".join(parts) + ANSWER)


@cache
def drop() -> TextClause:
    """Nothing is posted or kept; the turn and the timeline say why. What no turn answers is left to people."""
    parts = [
        DOOR,
        f"""
c AS (
    UPDATE conversation SET version = conversation.version + 1,
        left_to_people = NOT :next_turn AND {WAITED_FOR.format("conversation")}
    FROM ours WHERE conversation.id = :conversation
    RETURNING conversation.*)""",
        _end_turn("NULL", "NULL"),
        NEXT_TURN,
        ENTRIES,
        change_cte(turns=("t", "n"), entries=("e",)),
    ]
    return text("WITH " + ",".join(parts) + ANSWER)


@cache
def move() -> TextClause:
    """A routing step: metadata only (and the version, with its entry in the timeline). The turn goes on."""
    parts = [
        DOOR,
        f"""
c AS (
    UPDATE conversation SET version = conversation.version + 1, {MERGE}
    FROM ours WHERE conversation.id = :conversation
    RETURNING conversation.*)""",
        """
e AS (
    INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, actor_name, turn_id, data)
    SELECT c.project_id, c.id, c.version, 'workflow_moved', 'responder', :author_name, ours.id, CAST(:moved AS jsonb)
    FROM c, ours RETURNING *)""",
        change_cte(entries=("e",)),
    ]
    return text("WITH " + ",".join(parts) + "SELECT c.version, c.metadata FROM c")


WAITING = text("SELECT id FROM turn WHERE conversation_id = :conversation AND status = 'queued'")
