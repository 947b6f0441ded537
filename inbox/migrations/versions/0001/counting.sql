-- The figures of the views, kept in the statement that moves a conversation, a turn or a draft.

CREATE FUNCTION is_waiting(status text) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$ SELECT status IN ('open', 'pending') $$;
CREATE FUNCTION is_live(status text) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$ SELECT status IN ('queued', 'thinking') $$;
CREATE FUNCTION count_slot() RETURNS integer LANGUAGE sql AS $$ SELECT pg_backend_pid() % 32 $$;

CREATE FUNCTION add_to_views(
    of_project bigint, waiting bigint DEFAULT 0, unassigned bigint DEFAULT 0, wanted bigint DEFAULT 0,
    snoozed bigint DEFAULT 0, solved bigint DEFAULT 0, spam bigint DEFAULT 0, thinking bigint DEFAULT 0,
    parked bigint DEFAULT 0
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE view_count v SET waiting = v.waiting + $2, unassigned = v.unassigned + $3, wanted = v.wanted + $4,
        snoozed = v.snoozed + $5, solved = v.solved + $6, spam = v.spam + $7, thinking = v.thinking + $8,
        parked = v.parked + $9
    WHERE v.project_id = of_project AND v.slot = count_slot();
    IF NOT FOUND THEN
        INSERT INTO view_count (
            project_id, slot, waiting, unassigned, wanted, snoozed, solved, spam, thinking, parked)
        SELECT p.id, count_slot(), $2, $3, $4, $5, $6, $7, $8, $9 FROM project p WHERE p.id = of_project
        ON CONFLICT (project_id, slot) DO UPDATE SET waiting = view_count.waiting + EXCLUDED.waiting,
            unassigned = view_count.unassigned + EXCLUDED.unassigned, wanted = view_count.wanted + EXCLUDED.wanted,
            snoozed = view_count.snoozed + EXCLUDED.snoozed, solved = view_count.solved + EXCLUDED.solved,
            spam = view_count.spam + EXCLUDED.spam, thinking = view_count.thinking + EXCLUDED.thinking,
            parked = view_count.parked + EXCLUDED.parked;
    END IF;
END $$;

CREATE FUNCTION add_to_agent(of_project bigint, of_agent bigint, more bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE agent_count v SET mine = v.mine + more
    WHERE v.project_id = of_project AND v.agent_id = of_agent AND v.slot = count_slot();
    IF NOT FOUND THEN
        INSERT INTO agent_count (project_id, agent_id, slot, mine)
        SELECT p.id, of_agent, count_slot(), more FROM project p WHERE p.id = of_project
        ON CONFLICT (project_id, agent_id, slot) DO UPDATE SET mine = agent_count.mine + EXCLUDED.mine;
    END IF;
END $$;

CREATE FUNCTION conversation_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    had bigint := CASE WHEN is_waiting(OLD.status) THEN OLD.assignee_id END;
    has bigint := CASE WHEN is_waiting(NEW.status) THEN NEW.assignee_id END;
BEGIN
    PERFORM add_to_views(
        NEW.project_id,
        is_waiting(NEW.status)::integer - is_waiting(OLD.status)::integer,
        (is_waiting(NEW.status) AND NEW.assignee_id IS NULL)::integer
            - (is_waiting(OLD.status) AND OLD.assignee_id IS NULL)::integer,
        (is_waiting(NEW.status) AND NEW.responder_state = 'handed_off')::integer
            - (is_waiting(OLD.status) AND OLD.responder_state = 'handed_off')::integer,
        (NEW.status = 'snoozed')::integer - (OLD.status = 'snoozed')::integer,
        (NEW.status = 'solved')::integer - (OLD.status = 'solved')::integer,
        (NEW.status = 'spam')::integer - (OLD.status = 'spam')::integer);
    IF had IS DISTINCT FROM has THEN
        IF had IS NOT NULL THEN PERFORM add_to_agent(NEW.project_id, had, -1); END IF;
        IF has IS NOT NULL THEN PERFORM add_to_agent(NEW.project_id, has, 1); END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_moved AFTER UPDATE OF status, assignee_id, responder_state ON conversation FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id
        OR (OLD.responder_state = 'handed_off') <> (NEW.responder_state = 'handed_off'))
    EXECUTE FUNCTION conversation_moved();

CREATE FUNCTION conversations_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    way bigint := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    PERFORM add_to_views(
        r.project_id,
        way * count(*) FILTER (WHERE is_waiting(r.status)),
        way * count(*) FILTER (WHERE is_waiting(r.status) AND r.assignee_id IS NULL),
        way * count(*) FILTER (WHERE is_waiting(r.status) AND r.responder_state = 'handed_off'),
        way * count(*) FILTER (WHERE r.status = 'snoozed'),
        way * count(*) FILTER (WHERE r.status = 'solved'),
        way * count(*) FILTER (WHERE r.status = 'spam'))
    FROM changed_rows r GROUP BY r.project_id ORDER BY r.project_id;
    PERFORM add_to_agent(found.project_id, found.assignee_id, way * found.n) FROM (
        SELECT r.project_id, r.assignee_id, count(*) AS n FROM changed_rows r
        WHERE r.assignee_id IS NOT NULL AND is_waiting(r.status) GROUP BY 1, 2 ORDER BY 1, 2) found;
    RETURN NULL;
END $$;
CREATE TRIGGER conversation_come AFTER INSERT ON conversation
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION conversations_counted();
CREATE TRIGGER conversation_gone AFTER DELETE ON conversation
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION conversations_counted();

CREATE FUNCTION turn_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_to_views(
        NEW.project_id, thinking => is_live(NEW.status)::integer - is_live(OLD.status)::integer);
    RETURN NULL;
END $$;
CREATE TRIGGER turn_moved AFTER UPDATE OF status ON turn FOR EACH ROW
    WHEN ((OLD.status IN ('queued', 'thinking')) <> (NEW.status IN ('queued', 'thinking')))
    EXECUTE FUNCTION turn_moved();

CREATE FUNCTION turns_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    more record;
BEGIN
    FOR more IN
        SELECT r.project_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END AS live
        FROM changed_rows r WHERE is_live(r.status) GROUP BY r.project_id ORDER BY r.project_id
    LOOP
        -- As add_to_views does, at less cost: a visitor waits for it with every message.
        UPDATE view_count v SET thinking = v.thinking + more.live
        WHERE v.project_id = more.project_id AND v.slot = count_slot();
        IF NOT FOUND THEN PERFORM add_to_views(more.project_id, thinking => more.live); END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER turn_come AFTER INSERT ON turn
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION turns_counted();
CREATE TRIGGER turn_gone AFTER DELETE ON turn
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION turns_counted();

-- A conversation is parked once, however many open drafts it has. Who writes drafts holds the conversation's row.
CREATE FUNCTION add_parked(of_project bigint, of_conversation bigint, more bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_open bigint := (
        SELECT count(*) FROM draft WHERE draft.conversation_id = of_conversation AND draft.state = 'open');
    change bigint := (now_open > 0)::integer - (now_open - more > 0)::integer;
BEGIN
    IF change <> 0 THEN PERFORM add_to_views(of_project, parked => change); END IF;
END $$;
CREATE FUNCTION drafts_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_parked(r.project_id, r.conversation_id, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END)
    FROM changed_rows r WHERE r.state = 'open' GROUP BY r.project_id, r.conversation_id ORDER BY r.project_id;
    RETURN NULL;
END $$;
CREATE FUNCTION drafts_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_parked(r.project_id, r.conversation_id, sum(r.more)::bigint) FROM (
        SELECT n.project_id, n.conversation_id, 1 AS more FROM changed_rows n WHERE n.state = 'open'
        UNION ALL SELECT o.project_id, o.conversation_id, -1 FROM earlier_rows o WHERE o.state = 'open') r
    GROUP BY r.project_id, r.conversation_id ORDER BY r.project_id;
    RETURN NULL;
END $$;
CREATE TRIGGER draft_come AFTER INSERT ON draft
    REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION drafts_counted();
CREATE TRIGGER draft_gone AFTER DELETE ON draft
    REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION drafts_counted();
CREATE TRIGGER draft_moved AFTER UPDATE ON draft
    REFERENCING NEW TABLE AS changed_rows OLD TABLE AS earlier_rows FOR EACH STATEMENT
    EXECUTE FUNCTION drafts_moved();
