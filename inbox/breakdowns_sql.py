"""The statements behind the report's breakdowns: who answered, what about, and when visitors write.

Owns the SQL only. What was said in a period is found by conversations that were active in it or later, as the list's
index has them: tests/integration/test_breakdowns.py::test_no_table_is_read_from_end_to_end
"""

from __future__ import annotations

from sqlalchemy import text

from inbox.reports_sql import BEGUN_SAID, DURING, PERSON_SETS, SOLVED_AT

IN_PERIOD = f"c.project_id = :project AND c.active_at >= :begin AND {DURING.format('c.created_at')}"
# OFFSET 0 keeps a conversation's messages a look of its own: joined, all messages there are might be read for a week's.
# Who said it to the visitor: also a reply of the AI that was parked, for a person sent it.
WHO = "COALESCE(m.sent_by, CASE m.author WHEN 'agent' THEN m.author_id END)"

REPLIES = text(
    f"""
SELECT said.who, count(*) AS replies, count(DISTINCT said.conversation_id) AS conversations
FROM conversation c, LATERAL (
    SELECT m.conversation_id, {WHO} AS who FROM message m
    WHERE m.conversation_id = c.id AND NOT m.private AND {DURING.format("m.created_at")} OFFSET 0) AS said
WHERE c.project_id = :project AND c.active_at >= :begin AND c.created_at < :end AND said.who IS NOT NULL
GROUP BY said.who
"""
)
# Of whoever was the first person to reply; conversations that began in the period, as the report's own plot has them.
FIRST = text(
    f"""
SELECT first.author_id AS who,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first.created_at - asked.at)) AS first_reply
FROM conversation c, LATERAL (
    SELECT min(m.created_at) AS at FROM message m
    WHERE m.conversation_id = c.id AND m.author = 'visitor' AND NOT m.private) AS asked, LATERAL (
    SELECT m.author_id, m.created_at FROM message m
    WHERE m.conversation_id = c.id AND m.author = 'agent' AND NOT m.private
    ORDER BY m.created_at, m.id LIMIT 1) AS first
WHERE {IN_PERIOD} AND first.created_at >= asked.at
GROUP BY first.author_id
"""
)
SOLVED = text(
    f"""
SELECT actor_id AS who, count(DISTINCT conversation_id) AS solved FROM timeline_event
WHERE project_id = :project AND {DURING.format("at")} AND {PERSON_SETS}
    AND kind = 'status' AND data ->> 'to' = 'solved'
GROUP BY actor_id
"""
)
# A rating is of whoever solved the conversation before it was given.
RATED = text(
    f"""
SELECT e.actor_id AS who, count(*) AS ratings, 100.0 * count(*) FILTER (WHERE r.score >= 4) / count(*) AS satisfied
FROM rating r JOIN timeline_event e ON e.conversation_id = r.conversation_id AND e.version = r.solved_version
WHERE r.project_id = :project AND {DURING.format("r.created_at")}
    AND e.kind = 'status' AND e.actor_type = 'agent' AND e.data ->> 'to' = 'solved'
GROUP BY e.actor_id
"""
)
OF_AGENTS = (REPLIES, FIRST, SOLVED, RATED)
NAMES = text("SELECT id, name FROM agent WHERE id = ANY(:agents)")

# Of conversations that began in the period; the label null is of those without one.
LABELS = text(
    f"""
WITH begun AS (
    SELECT c.labels, said.asked, said.ai, said.person, solved.at AS solved_at
    FROM conversation c, LATERAL ({BEGUN_SAID}) AS said, LATERAL ({SOLVED_AT}) AS solved
    WHERE {IN_PERIOD} AND said.asked IS NOT NULL)
SELECT label, count(*) AS conversations,
    100.0 * count(*) FILTER (WHERE ai IS NOT NULL AND person IS NULL)
        / NULLIF(count(*) FILTER (WHERE ai IS NOT NULL OR person IS NOT NULL), 0) AS by_ai,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM person - asked))
        FILTER (WHERE person >= asked) AS first_reply,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM solved_at - asked))
        FILTER (WHERE solved_at >= asked) AS until_solved
FROM begun LEFT JOIN LATERAL unnest(begun.labels) AS label ON true
GROUP BY label ORDER BY conversations DESC, label LIMIT :most
"""
)

HOURS = text(
    f"""
SELECT extract(isodow FROM said.at)::int AS weekday, extract(hour FROM said.at)::int AS hour, count(*) AS messages
FROM conversation c, LATERAL (
    SELECT m.created_at AT TIME ZONE :zone AS at FROM message m
    WHERE m.conversation_id = c.id AND m.author = 'visitor' AND {DURING.format("m.created_at")} OFFSET 0) AS said
WHERE c.project_id = :project AND c.active_at >= :begin AND c.created_at < :end
GROUP BY weekday, hour
"""
)
