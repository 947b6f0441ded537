"""The statements behind the report: one for each figure, over a project's days in a time zone.

Owns the SQL only. A period's rows are found by time (the list's index, partial indexes of turns and timeline),
so that a statement costs what its period holds and not what the project ever held:
tests/integration/test_reports.py::test_no_table_is_read_from_end_to_end.
"""

from __future__ import annotations

from sqlalchemy import text

# Given as moments, not worked out in the statement, so that the planner knows how much of a table they are.
DURING = "{0} >= :begin AND {0} < :end"


def _day(column: str) -> str:
    return f"({column} AT TIME ZONE :zone)::date"


# When a conversation's visitor wrote first, and when the AI and a person did.
BEGUN_SAID = """
        SELECT min(m.created_at) FILTER (WHERE m.author = 'visitor') AS asked,
            min(m.created_at) FILTER (WHERE m.author = 'responder') AS ai,
            min(m.created_at) FILTER (WHERE m.author = 'agent') AS person
        FROM message m WHERE m.conversation_id = c.id AND NOT m.private"""
# When it was solved last, by a person, the project's rule or the AI; null where it is not solved now.
SOLVED_AT = """
        SELECT max(e.at) AS at FROM timeline_event e WHERE e.conversation_id = c.id AND c.status = 'solved' AND (
            e.kind = 'status' AND e.data ->> 'to' = 'solved'
            OR e.kind = 'tool' AND e.data ->> 'tool' = 'set_status' AND e.data ->> 'outcome' = 'done'
                AND e.data -> 'wanted' ->> 'status' = 'solved')"""

# Whatever began in the period was active in it or later: the list's index finds it.
# From a visitor's first message to the first public message of either, in conversations that began in the period. The
# day null is the period as a whole: a median of days' medians would be none.
REPLIES = text(
    f"""
WITH begun AS (
    SELECT {_day("c.created_at")} AS day, said.asked, said.ai, said.person
    FROM conversation c, LATERAL ({BEGUN_SAID}) AS said
    WHERE c.project_id = :project AND c.active_at >= :begin
        AND {DURING.format("c.created_at")} AND said.asked IS NOT NULL)
SELECT day, count(*) AS conversations,
    count(*) FILTER (WHERE ai IS NOT NULL AND person IS NULL) AS by_responder,
    count(*) FILTER (WHERE ai IS NOT NULL OR person IS NOT NULL) AS answered,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM ai - asked))
        FILTER (WHERE ai >= asked) AS ai,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM person - asked))
        FILTER (WHERE person >= asked) AS person
FROM begun GROUP BY GROUPING SETS ((day), ())
"""
)

# From a visitor's first message until it was solved, of what began in the period and is solved now.
UNTIL_SOLVED = text(
    f"""
SELECT {_day("c.created_at")} AS day, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
    ORDER BY extract(epoch FROM solved.at - asked.at)) AS solved
FROM conversation c, LATERAL ({SOLVED_AT}) AS solved, LATERAL (
    SELECT min(m.created_at) AS at FROM message m
    WHERE m.conversation_id = c.id AND m.author = 'visitor' AND NOT m.private) AS asked
WHERE c.project_id = :project AND c.active_at >= :begin AND {DURING.format("c.created_at")}
    AND c.status = 'solved' AND solved.at >= asked.at
GROUP BY GROUPING SETS ((day), ())
"""
)

# The condition is the partial index's, to the letter.
MET = """(kind IN ('handed_off', 'turn_parked') OR kind = 'turn_landed' AND data -> 'kept' <> '[]'::jsonb)"""
EVENTS = text(
    f"""
SELECT {_day("at")} AS day, kind, data ->> 'reason' AS reason, count(*) AS times
FROM timeline_event
WHERE project_id = :project AND {DURING.format("at")} AND {MET}
GROUP BY day, kind, reason
"""
)

TOKENS = text(
    f"""
SELECT {_day("created_at")} AS day, sum(prompt_tokens) AS prompt, sum(completion_tokens) AS completion
FROM turn WHERE project_id = :project AND {DURING.format("created_at")} AND prompt_tokens IS NOT NULL GROUP BY day
"""
)

RATINGS = text(
    f"""
SELECT {_day("created_at")} AS day, count(*) AS times, count(*) FILTER (WHERE score >= 4) AS good
FROM rating WHERE project_id = :project AND {DURING.format("created_at")} GROUP BY day
"""
)

# What a person set last in each conversation, and whether it stands: it must, or somebody else's later change of the
# same column must be on record (another agent's is a later act; the responder's wish, a visitor's reopening and a
# project's rule have entries of their own). Anything else was undone behind people's backs. Nothing here is assumed:
# tests/integration/test_reports.py::test_a_lost_update_is_found writes one and sees it counted.
PERSON_SETS = "actor_type = 'agent' AND kind IN ('assigned', 'unassigned', 'status', 'priority')"
LOST = text(
    f"""
WITH acts AS (
    SELECT DISTINCT ON (conversation_id, field) conversation_id, field, version, at, data
    FROM (SELECT *, CASE WHEN kind IN ('assigned', 'unassigned') THEN 'assignee' ELSE kind END AS field
        FROM timeline_event WHERE project_id = :project AND {DURING.format("at")} AND {PERSON_SETS}) AS person
    ORDER BY conversation_id, field, version DESC, id DESC)
SELECT {_day("a.at")} AS day, count(*) AS times, min(a.conversation_id) AS example
FROM acts a JOIN conversation c ON c.id = a.conversation_id
WHERE CASE a.field
        WHEN 'assignee' THEN c.assignee_id IS DISTINCT FROM CAST(a.data -> 'to' ->> 'id' AS bigint)
        WHEN 'status' THEN c.status <> a.data ->> 'to'
        ELSE c.priority <> a.data ->> 'to' END
    AND NOT EXISTS (
        SELECT FROM timeline_event e
        WHERE e.conversation_id = a.conversation_id AND e.version > a.version AND (
            e.kind = a.field OR a.field = 'assignee' AND e.kind IN ('assigned', 'unassigned')
            OR a.field = 'status' AND e.kind = 'reopened'
            OR e.kind = 'tool' AND e.data ->> 'outcome' = 'done' AND e.data ->> 'tool' = CASE a.field
                WHEN 'assignee' THEN 'assign_to' WHEN 'status' THEN 'set_status' ELSE 'set_priority' END))
GROUP BY day
"""
)
