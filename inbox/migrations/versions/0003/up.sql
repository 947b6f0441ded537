-- The visitor waits for somebody's words, and no turn is at it. Written by the acts themselves (inbox/act_parts.py).
ALTER TABLE conversation ADD COLUMN left_to_people boolean NOT NULL DEFAULT false;

-- Whose visitors wait already. What is solved waits for nobody.
UPDATE conversation c SET left_to_people = true FROM message m
WHERE m.id = c.last_message_id AND m.author = 'visitor' AND c.status <> 'solved'
    AND NOT EXISTS (SELECT 1 FROM turn t WHERE t.conversation_id = c.id AND t.status IN ('queued', 'thinking'));

CREATE FUNCTION is_wanted(responder_state text, left_to_people boolean) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$ SELECT responder_state = 'handed_off' OR responder_state = 'active' AND left_to_people $$;

CREATE OR REPLACE FUNCTION conversation_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    had bigint := CASE WHEN is_waiting(OLD.status) THEN OLD.assignee_id END;
    has bigint := CASE WHEN is_waiting(NEW.status) THEN NEW.assignee_id END;
BEGIN
    PERFORM add_to_views(
        NEW.project_id,
        is_waiting(NEW.status)::integer - is_waiting(OLD.status)::integer,
        (is_waiting(NEW.status) AND NEW.assignee_id IS NULL)::integer
            - (is_waiting(OLD.status) AND OLD.assignee_id IS NULL)::integer,
        (is_waiting(NEW.status) AND is_wanted(NEW.responder_state, NEW.left_to_people))::integer
            - (is_waiting(OLD.status) AND is_wanted(OLD.responder_state, OLD.left_to_people))::integer,
        (NEW.status = 'snoozed')::integer - (OLD.status = 'snoozed')::integer,
        (NEW.status = 'solved')::integer - (OLD.status = 'solved')::integer,
        (NEW.status = 'spam')::integer - (OLD.status = 'spam')::integer);
    IF had IS DISTINCT FROM has THEN
        IF had IS NOT NULL THEN PERFORM add_to_agent(NEW.project_id, had, -1); END IF;
        IF has IS NOT NULL THEN PERFORM add_to_agent(NEW.project_id, has, 1); END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    way bigint := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    PERFORM add_to_views(
        r.project_id,
        way * count(*) FILTER (WHERE is_waiting(r.status)),
        way * count(*) FILTER (WHERE is_waiting(r.status) AND r.assignee_id IS NULL),
        way * count(*) FILTER (WHERE is_waiting(r.status) AND is_wanted(r.responder_state, r.left_to_people)),
        way * count(*) FILTER (WHERE r.status = 'snoozed'),
        way * count(*) FILTER (WHERE r.status = 'solved'),
        way * count(*) FILTER (WHERE r.status = 'spam'))
    FROM changed_rows r GROUP BY r.project_id ORDER BY r.project_id;
    PERFORM add_to_agent(found.project_id, found.assignee_id, way * found.n) FROM (
        SELECT r.project_id, r.assignee_id, count(*) AS n FROM changed_rows r
        WHERE r.assignee_id IS NOT NULL AND is_waiting(r.status) GROUP BY 1, 2 ORDER BY 1, 2) found;
    RETURN NULL;
END $$;

DROP TRIGGER conversation_moved ON conversation;
CREATE TRIGGER conversation_moved AFTER UPDATE OF status, assignee_id, responder_state, left_to_people ON conversation
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id
        OR is_wanted(OLD.responder_state, OLD.left_to_people) <> is_wanted(NEW.responder_state, NEW.left_to_people))
    EXECUTE FUNCTION conversation_moved();

-- Of what was marked above, for which no trigger has counted yet.
SELECT add_to_views(c.project_id, wanted => count(*)) FROM conversation c
WHERE is_waiting(c.status) AND c.responder_state = 'active' AND c.left_to_people GROUP BY c.project_id;

DROP INDEX conversation_wanted;
CREATE INDEX conversation_wanted ON conversation (project_id, active_at DESC, id DESC)
    WHERE responder_state = 'handed_off' OR responder_state = 'active' AND left_to_people;
