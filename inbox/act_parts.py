"""What the statements of people's acts are made of: the row as it was, what changed, and how the timeline says it.

Owns the SQL that acts have in common, and how often one is tried. Must not be run by itself: inbox/acts_sql.py and its
neighbours put it together.
"""

from __future__ import annotations

from collections.abc import Mapping

from inbox.saying import later

ASSIGNEE_IS_MEMBER = "conversation_assignee_is_member"  # the constraint; a look beforehand would be a promise

OLD = """
old AS (SELECT * FROM conversation WHERE id = :conversation AND project_id = :project FOR NO KEY UPDATE)"""

# For acts that look at other tables too. A statement that waited for the row's lock sees the row as it is now and the
# rest as it was before: a turn or message that came with the commit it waited for would be overlooked. So it writes
# only if nothing was committed meanwhile, and is otherwise repeated, MOST_TRIES times:
# tests/concurrency/test_acts_and_turns.py::test_give_back_meets_a_message
FRESH = f"""
seen AS (SELECT version FROM conversation WHERE id = :conversation AND project_id = :project),{OLD},
fresh AS (SELECT old.id, old.version = seen.version AS fresh FROM old, seen)"""

MOST_TRIES = 100  # each fails only if somebody else's write to the same conversation succeeded in that millisecond
BUSY = later("Too much happens in this conversation at once. Nothing was changed; try again.")

# Attributes of the row `old` with those that are given. Top-level keys that are null are removed; nulls deeper inside
# are a visitor's or an integration's own. More than go with every row of a list are refused, for the column takes no
# NULL (inbox/failures.py says it); what was more before may become less.
MOST_ATTRIBUTE_BYTES = 65_536
ATTRIBUTES = f"""(
        SELECT CASE WHEN octet_length(merged::text)
            <= GREATEST({MOST_ATTRIBUTE_BYTES}, octet_length(old.custom_attributes::text)) THEN merged END
        FROM (SELECT COALESCE(jsonb_object_agg(key, value), '{{}}'::jsonb) AS merged
            FROM jsonb_each(old.custom_attributes || CAST(:custom_attributes AS jsonb))
            WHERE value <> 'null'::jsonb) AS together)"""

# Only as the asker saw the row `old`: tests/integration/test_snippets.py::test_edit, ::test_delete.
GUARD = " AND old.version = ANY(CAST(:seen AS bigint[]))"

# A jsonb value as an object: null, JSON null and anything that is no object count as {}.
AS_OBJECT = "CASE jsonb_typeof({0}) WHEN 'object' THEN {0} ELSE '{{}}'::jsonb END"

# What a PATCH may set: its column and the new value.
SETTABLE = {
    "status": "CAST(:status AS text)",
    "snoozed_until": "CAST(:snoozed_until AS timestamptz)",
    "assignee_id": "CAST(:assignee_id AS bigint)",
    "priority": "CAST(:priority AS text)",
    "labels": "CAST(:labels AS text[])",
    "custom_attributes": ATTRIBUTES,
}

NEXT_MESSAGE = "(SELECT next.id, next.id FROM (SELECT nextval('message_id_seq') AS id) AS next)"


def last_word(author: str, snippet: str, *, name: str = "NULL", ids: str = NEXT_MESSAGE) -> str:
    """What an UPDATE of `conversation` sets when a message is saved that a list shows, `name` being an agent's.

    Under the row's lock, so that the newest message never goes back, whatever the clock does (I5):
    tests/concurrency/test_every_interleaving.py. Who wrote it is kept with its id, twice: a process of an earlier
    release knows the first only, and then a list looks for the author (inbox/list_rows.py).
    """
    return f"""
        (last_message_id, last_said_id) = {ids}, last_said_by = '{author}', last_said_name = {name},
        last_message_snippet = {snippet},
        last_message_timestamp = GREATEST(clock_timestamp(), conversation.last_message_timestamp)"""


# Since when a visitor waits, written by what they do (a message, asking for a person): writing again does not send them
# back in the line. It counts only while they wait (listed.WAITS), so what answers them leaves it as it is, but for a
# parked reply that is sent where the responder has handed off, for it stands so on: tests/integration/test_waits.py
WAITS_FROM = """waiting_since = COALESCE(CASE
            WHEN conversation.status <> 'solved' AND (conversation.left_to_people
                OR conversation.responder_state = 'handed_off' OR conversation.last_said_by = 'visitor')
            THEN conversation.waiting_since END, clock_timestamp())"""

PERSON = "jsonb_build_object('id', a.id, 'name', a.name)"
ENTRY_COLUMNS = "project_id, conversation_id, version, kind, actor_type, actor_id, actor_name, data"
ENTRY_HEAD = f"INSERT INTO timeline_event ({ENTRY_COLUMNS})"
ENTRY_FROM_C = "SELECT c.project_id, c.id, c.version, listed.kind, 'agent', :who, :who_name, listed.data"


def _agent(column: str) -> str:
    return f"(SELECT {PERSON} FROM agent a WHERE a.id = {column})"


# One entry for each column that changed, in SURFACE's kinds.
CHANGES = f"""
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES
        (1, 'assigned', jsonb_build_object('to', {_agent("c.assignee_id")}, 'from', {_agent("old.assignee_id")}),
            c.assignee_id IS NOT NULL AND c.assignee_id IS DISTINCT FROM old.assignee_id),
        (2, 'unassigned', jsonb_build_object('from', {_agent("old.assignee_id")}),
            c.assignee_id IS NULL AND old.assignee_id IS NOT NULL),
        (3, 'status', jsonb_build_object('from', old.status, 'to', c.status, 'snoozed_until', c.snoozed_until),
            c.status <> old.status OR c.snoozed_until IS DISTINCT FROM old.snoozed_until),
        (4, 'priority', jsonb_build_object('from', old.priority, 'to', c.priority), c.priority <> old.priority),
        (5, 'labels', jsonb_build_object(
            'added', ARRAY(SELECT unnest(c.labels) EXCEPT SELECT unnest(old.labels)),
            'removed', ARRAY(SELECT unnest(old.labels) EXCEPT SELECT unnest(c.labels))), c.labels <> old.labels),
        (6, 'custom_attributes', jsonb_build_object('changed', ARRAY(
            SELECT COALESCE(n.key, o.key) FROM jsonb_each(c.custom_attributes) n
            FULL JOIN jsonb_each(old.custom_attributes) o ON o.key = n.key
            WHERE o.value IS DISTINCT FROM n.value ORDER BY 1)), c.custom_attributes <> old.custom_attributes),
        (7, 'given_back', jsonb_build_object('rule', 'when_solved'),
            c.responder_state = 'active' AND old.responder_state <> 'active'),
        (8, 'taken_over', '{{}}'::jsonb, c.responder_state = 'paused' AND old.responder_state <> 'paused')
    ) AS listed (place, kind, data, happened)
    WHERE listed.happened ORDER BY listed.place
    RETURNING *)"""

# Who is mentioned has to be a member of the conversation's project, whoever asks; and what a note keeps of that.
MEANT = """meant AS (
    SELECT a.id, a.name FROM old JOIN membership ms ON ms.project_id = old.project_id JOIN agent a ON a.id = ms.agent_id
    WHERE a.id = ANY(CAST(:mentioned AS bigint[])) AND a.id <> :who)"""
MENTIONED = """COALESCE((
        SELECT jsonb_build_object('mentions', jsonb_agg(jsonb_build_object('id', meant.id, 'name', meant.name)))
        FROM meant HAVING count(*) > 0), '{}')"""

VISITOR = "(SELECT to_jsonb(visitor) FROM visitor WHERE visitor.id = found.visitor_id) AS visitor"
SHOWN = f"SELECT found.*, {VISITOR}, EXISTS (SELECT 1 FROM c) AS written FROM found"
# The row as written, or as it already was where the act changed nothing.
FOUND = "found AS (SELECT c.* FROM c UNION ALL SELECT old.* FROM old WHERE NOT EXISTS (SELECT 1 FROM c))"


# The project's rule "when solved" is part of the act that solves. It starts no turn: who solves a conversation has
# said that nothing in it waits for an answer.
BACK_WHEN_SOLVED = """responder_state = CASE
        WHEN CAST(:status AS text) = 'solved' AND old.status <> 'solved' AND (
            SELECT p.resume_rule FROM project p WHERE p.id = old.project_id) = 'when_solved' THEN 'active'
        ELSE conversation.responder_state END"""


def written(values: Mapping[str, str]) -> tuple[str, str]:
    """What an UPDATE sets for new values of these columns, and what makes it a change of the row `old`."""
    sets = [f"{name} = {value}" for name, value in values.items()]
    changes = [f"old.{name} IS DISTINCT FROM {value}" for name, value in values.items()]
    if "assignee_id" in values:
        sets.append(
            "assigned_at = CASE WHEN CAST(:assignee_id AS bigint) IS NULL THEN NULL"
            " WHEN CAST(:assignee_id AS bigint) = old.assignee_id THEN old.assigned_at ELSE clock_timestamp() END"
        )
    if "status" in values and "snoozed_until" not in values:
        sets.append("snoozed_until = CASE WHEN :status = 'snoozed' THEN old.snoozed_until END")
    if "status" in values:
        sets.append(BACK_WHEN_SOLVED)
    return "".join(", " + one for one in sets), " OR ".join(changes) or "false"


# The visitor's messages `m` of a conversation that no turn and no person has answered.
QUESTIONS = """message m
    WHERE m.conversation_id = {0} AND m.author = 'visitor'
      AND m.id > COALESCE((
        SELECT max(e.answers_up_to) FROM turn e
        WHERE e.conversation_id = {0} AND e.status IN ('landed', 'parked', 'handed_off')), 0)
      AND m.id > COALESCE((
        SELECT max(a.id) FROM message a
        WHERE a.conversation_id = {0} AND a.author = 'agent' AND NOT a.private), 0)"""
# What a turn answers. Read when the turn is claimed, or when it ends before, so that each of the visitor's messages has
# a turn that says what became of it.
UNANSWERED = f"ARRAY(SELECT m.id FROM {QUESTIONS.format('turn.conversation_id')} ORDER BY m.id)"

# A queued turn of a conversation that a person takes is cancelled with the same statement; a thinking one finds out
# at its landing and parks.
CANCEL_QUEUED = f"""
t AS (
    UPDATE turn SET status = 'cancelled', reason = 'taken_over', ended_at = clock_timestamp(), answers = {UNANSWERED}
    FROM c WHERE turn.conversation_id = c.id AND turn.status = 'queued'
    RETURNING turn.*)"""

# The newest question is not behind whatever has answered: people's words, and the turns that ended so.
_BEHIND = """COALESCE((
            SELECT max(q.id) FROM message q WHERE q.conversation_id = {0}.id AND q.author = 'visitor'
                AND q.details -> 'needs_no_answer' IS NULL
        ) > GREATEST(0, (
            SELECT max(a.id) FROM message a WHERE a.conversation_id = {0}.id AND NOT a.private
                AND (a.author = 'agent' OR a.sent_by IS NOT NULL)
        ), (
            SELECT max(e.answers_up_to) FROM turn e WHERE e.conversation_id = {0}.id AND e.status IN ({1}))), false)"""

# Whether a conversation's visitor waits for somebody's words: their question is not answered, or the responder was last
# to speak and has promised people. What is parked is not said. Acts after which no turn is at it say so in the row
# (`left_to_people`), and it needs a person: tests/concurrency/test_stateful.py
WAITED_FOR = f"""({{0}}.left_to_people
        OR {_BEHIND.format("{0}", "'landed'")}
        OR {{0}}.responder_state = 'handed_off' AND COALESCE((
            SELECT w.author = 'responder' AND w.sent_by IS NULL FROM message w
            WHERE w.id = {{0}}.last_message_id), false))"""
OLD_WAITS = WAITED_FOR.format("old")

# Whether the project lets the responder answer in a conversation, whoever has it. `project` has the project's columns.
MAY_ANSWER = """{project}.responder_enabled AND {0}.status <> 'spam'
        AND ({project}.answers_when <> 'unassigned' OR {0}.assignee_id IS NULL)"""

# The turn with which a conversation that was given back goes on; the project's rule starts it alike (inbox/rules.py).
# The newest message may be the reply to what the visitor asked before the last question.
DUE = f"""
due AS (
    SELECT (COALESCE(m.author = 'visitor', false) OR {_BEHIND.format("old", "'landed', 'parked', 'handed_off'")})
        AND {MAY_ANSWER.format("old", project="p")} AS starts
    FROM old JOIN project p ON p.id = old.project_id LEFT JOIN message m ON m.id = old.last_message_id)"""
GIVEN_BACK = f"responder_state = 'active', left_to_people = NOT due.starts AND {OLD_WAITS}"
TURN_OF_GIVING_BACK = """
t AS (
    INSERT INTO turn (project_id, conversation_id)
    SELECT c.project_id, c.id FROM c, due WHERE due.starts
    ON CONFLICT (conversation_id) WHERE status IN ('queued', 'thinking') DO NOTHING
    RETURNING *)"""

# The visitor's newest message that is the responder's to answer.
NEWEST_QUESTION = """(
        SELECT max(q.id) FROM message q WHERE q.conversation_id = {0} AND q.author = 'visitor'
            AND q.details -> 'left_to_people' IS NULL)"""

# What the visitor wrote after the stopped turn had read the conversation was never its to answer: the next turn's.
NEXT_AFTER_STOP = f"""
next AS (
    SELECT COALESCE(live.status = 'thinking' AND m.author = 'visitor'
        AND {NEWEST_QUESTION.format("old.id")} > (SELECT max(answered) FROM unnest(live.answers) AS answered)
        AND old.responder_state = 'active' AND {MAY_ANSWER.format("old", project="p")}, false) AS starts
    FROM live, old JOIN project p ON p.id = old.project_id LEFT JOIN message m ON m.id = old.last_message_id)"""
