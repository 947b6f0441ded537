"""The statements of `flask demo fill`: rooms, the steps taken in them, and from these the product's own rows.

Owns the SQL only. A batch's rows are told by two temporary tables; the triggers beside the tables count and index them
as they do whatever the product writes.
"""

TABLES = """
CREATE TEMP TABLE fill_course (course int, lately boolean, low float, high float, version int, epoch int, status text,
    responder_state text, assigned boolean, answered boolean, unread int);
CREATE TEMP TABLE fill_step (course int, version int, entry text, actor text, offset_seconds int, author text,
    pool text, status text, takes_over boolean);
CREATE TEMP TABLE fill_words (pool text, place int, words text, snippet text,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, words_of(words))) STORED);
CREATE TEMP TABLE fill_agent AS
    SELECT row_number() OVER (ORDER BY a.id) AS place, a.id, a.name
    FROM membership m JOIN agent a ON a.id = m.agent_id WHERE m.project_id = %(project)s;
CREATE TEMP TABLE fill_room (id bigint, visitor_id bigint, visitor_name text, number int, began timestamptz,
    pace float, agent_id bigint, agent_name text, label text, course int, version int, epoch int, status text,
    responder_state text, assigned boolean, unread int);
CREATE TEMP TABLE fill_step_taken (conversation_id bigint, version int, entry text, actor text, at timestamptz,
    author text, message_id bigint, turn_id bigint, words text, snippet text, status text, takes_over boolean,
    search tsvector);
"""
EMPTY = "TRUNCATE fill_room, fill_step_taken"

# From the oldest to the newest, more and more of them, as a team's inbox grows.
ROOMS = """
INSERT INTO fill_room
SELECT nextval(pg_get_serial_sequence('conversation', 'id')), nextval(pg_get_serial_sequence('visitor', 'id')),
    (%(names)s::text[])[1 + floor(r.name * cardinality(%(names)s::text[]))], r.number, r.began, r.pace, a.id, a.name,
    CASE WHEN c.answered THEN (%(labels)s::text[])[floor(r.label * 2 * cardinality(%(labels)s::text[]))] END,
    c.course, c.version, c.epoch, c.status, c.responder_state, c.assigned, c.unread
FROM (
    SELECT now() - make_interval(secs => 3600 + %(days)s * 86400
            * power(1 - (%(start)s + n - random()) / %(conversations)s, 1.5)) AS began,
        random() AS chance, 0.5 + random() AS pace, random() AS name, random() AS label, random() AS who,
        (1000 + random() * 899999)::int AS number
    FROM generate_series(1, %(batch)s::int) AS n ORDER BY n) r
JOIN fill_course c ON c.lately = (r.began > now() - make_interval(days => %(lately)s))
    AND r.chance >= c.low AND r.chance < c.high
JOIN fill_agent a ON a.place = 1 + floor(r.who * (SELECT count(*) FROM fill_agent))
"""
# Ids rise with the time within a conversation, as they do in the product. The first question names an order, so that
# a search finds one conversation.
TAKEN = """
INSERT INTO fill_step_taken
SELECT t.id, t.version, t.entry, t.actor, t.at, t.author,
    CASE WHEN t.author IS NOT NULL THEN nextval('message_id_seq') END,
    CASE WHEN t.author = 'responder' THEN nextval(pg_get_serial_sequence('turn', 'id')) END,
    w.words || CASE WHEN t.version = 1 THEN ' My order is ' || t.number || '.' ELSE '' END,
    CASE WHEN t.version = 1 THEN left(w.snippet, 100) || ' My order is ' || t.number || '.' ELSE w.snippet END,
    t.status, t.takes_over,
    w.search || CASE WHEN t.version = 1 THEN to_tsvector('simple', 'My order is ' || t.number) ELSE '' END
FROM (
    SELECT r.id, r.number, s.version, s.entry, s.actor, s.author, s.pool, s.status, s.takes_over,
        r.began + make_interval(secs => s.offset_seconds * r.pace) AS at, random() AS pick
    FROM fill_room r JOIN fill_step s USING (course) ORDER BY r.id, s.version) t
LEFT JOIN (SELECT pool, count(*) AS many FROM fill_words GROUP BY pool) p ON p.pool = t.pool
LEFT JOIN fill_words w ON w.pool = t.pool AND w.place = floor(t.pick * p.many)::int
ORDER BY t.id, t.version
"""
VISITORS = """
INSERT INTO visitor (id, project_id, name, email, created_at)
SELECT visitor_id, %(project)s, visitor_name,
    regexp_replace(lower(visitor_name), '[^a-z]+', '.', 'g') || number || '@'
        || (ARRAY['mail', 'post', 'inbox', 'letters', 'parcel'])[1 + number %% 5] || '.example', began
FROM fill_room
"""
CONVERSATIONS = """
INSERT INTO conversation (id, project_id, visitor_id, status, snoozed_until, assignee_id, assigned_at, priority, labels,
    unread_count, last_message_id, last_said_id, last_said_by, last_said_name, last_message_snippet,
    last_message_timestamp, metadata, responder_state, handed_off_reason, left_to_people, person_at, version,
    epoch, created_at)
SELECT r.id, %(project)s, r.visitor_id, r.status,
    CASE WHEN r.status = 'snoozed' THEN now() + make_interval(secs => r.pace * 86400) END,
    CASE WHEN r.assigned THEN r.agent_id END, t.assigned_at, 'normal',
    CASE WHEN r.label IS NULL THEN '{}' ELSE ARRAY[r.label] END, r.unread, l.message_id, l.message_id,
    l.author, CASE l.author WHEN 'agent' THEN r.agent_name END, l.snippet, l.at,
    CASE WHEN p.mode = 'orchestrator' THEN jsonb_build_object('workflowState', jsonb_build_object(
        'currentNodeId', NULL, 'workflowVersion', p.workflow_version)) ELSE '{}' END,
    r.responder_state, t.handed_off_reason, l.author = 'visitor', t.person_at, r.version, r.epoch, r.began
FROM fill_room r JOIN project p ON p.id = %(project)s
JOIN (
    SELECT conversation_id, max(at) FILTER (WHERE entry = 'assigned') AS assigned_at,
        max(at) FILTER (WHERE author = 'agent') AS person_at, max(message_id) AS newest,
        max('no_answer') FILTER (WHERE entry = 'handed_off') AS handed_off_reason
    FROM fill_step_taken GROUP BY conversation_id) t ON t.conversation_id = r.id
JOIN fill_step_taken l ON l.conversation_id = r.id AND l.message_id = t.newest
"""
TURNS = """
INSERT INTO turn (id, project_id, conversation_id, status, reason, attempt, answers, answers_up_to,
    message_id, window_ms, lock_wait_ms, model_ms, first_token_ms, model, prompt_tokens, completion_tokens,
    created_at, claimed_at, ended_at)
SELECT a.turn_id, %(project)s, a.conversation_id,
    CASE a.entry WHEN 'handed_off' THEN 'handed_off' ELSE 'landed' END,
    CASE a.entry WHEN 'handed_off' THEN 'no_answer' END, 1, ARRAY[q.message_id], q.message_id, a.message_id,
    1.2 + random(), 0.3, extract(epoch FROM a.at - q.at) * 1000 - 30, 700 + random() * 900, 'demo',
    400 + (random() * 900)::int, 30 + (random() * 90)::int, q.at, q.at + interval '20 ms', a.at
FROM fill_step_taken a JOIN fill_step_taken q ON q.conversation_id = a.conversation_id AND q.version = a.version - 1
WHERE a.turn_id IS NOT NULL
"""
MESSAGES = """
INSERT INTO message (id, project_id, conversation_id, author, author_id, author_name, content, turn_id, details,
    created_at)
SELECT t.message_id, %(project)s, r.id, t.author,
    CASE t.author WHEN 'visitor' THEN r.visitor_id WHEN 'agent' THEN r.agent_id END,
    CASE t.author WHEN 'visitor' THEN r.visitor_name WHEN 'agent' THEN r.agent_name ELSE 'AI' END, t.words, t.turn_id,
    CASE t.author WHEN 'responder' THEN '{"path": [], "citations": []}'::jsonb ELSE '{}' END, t.at
FROM fill_step_taken t JOIN fill_room r ON r.id = t.conversation_id WHERE t.message_id IS NOT NULL
ORDER BY t.message_id
"""
TIMELINE = """
INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, actor_id, actor_name, turn_id, data,
    at)
SELECT %(project)s, r.id, t.version, listed.kind, t.actor,
    CASE t.actor WHEN 'visitor' THEN r.visitor_id WHEN 'agent' THEN r.agent_id END,
    CASE t.actor WHEN 'visitor' THEN r.visitor_name WHEN 'agent' THEN r.agent_name ELSE 'AI' END, t.turn_id,
    listed.data, t.at
FROM fill_step_taken t JOIN fill_room r ON r.id = t.conversation_id,
LATERAL (VALUES
    (1, t.entry, CASE t.entry
        WHEN 'message' THEN jsonb_build_object('message_id', t.message_id)
        WHEN 'turn_landed' THEN jsonb_build_object('message_id', t.message_id, 'kept', '[]'::jsonb, 'citations',
            '[]'::jsonb, 'path', '[]'::jsonb, 'landed_at', t.at)
        WHEN 'handed_off' THEN jsonb_build_object('message_id', t.message_id, 'kept', '[]'::jsonb, 'citations',
            '[]'::jsonb, 'path', '[]'::jsonb, 'landed_at', t.at, 'reason', 'no_answer')
        WHEN 'assigned' THEN jsonb_build_object('to', jsonb_build_object('id', r.agent_id, 'name', r.agent_name))
        WHEN 'status' THEN jsonb_build_object('from', 'open', 'to', t.status, 'snoozed_until',
            CASE t.status WHEN 'snoozed' THEN now() + make_interval(secs => r.pace * 86400) END) END, true),
    (2, 'taken_over', '{}'::jsonb, t.takes_over),
    (3, 'tool', jsonb_build_object('tool', 'add_label', 'outcome', 'done', 'wanted',
        jsonb_build_object('label', r.label)), t.entry = 'turn_landed' AND t.version = 2 AND r.label IS NOT NULL)
) AS listed (place, kind, data, happened)
WHERE listed.happened ORDER BY r.id, t.version, listed.place
"""
# What the trigger beside `message` writes, of words that were taken apart once; for when it is set aside.
FOUND = """
INSERT INTO message_search (project_id, message_id, conversation_id, search)
SELECT %(project)s, message_id, conversation_id, search FROM fill_step_taken
WHERE message_id IS NOT NULL ORDER BY message_id
"""
BATCHES = (ROOMS, TAKEN, "ANALYZE fill_room; ANALYZE fill_step_taken",
           VISITORS, CONVERSATIONS, TURNS, MESSAGES, TIMELINE)  # fmt: skip
COUNTED = "SELECT count(message_id), count(turn_id) FROM fill_step_taken"
