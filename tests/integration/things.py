"""How to make one of what a route's path names, in words of SQL.

Owns no test.
"""

from __future__ import annotations

SECRET = "Zanzibar"  # in everything that the other project owns
HOST = f"""
    INSERT INTO tool_host (project_id, host) VALUES (:project, '{SECRET}' || md5(random()::text)) RETURNING id"""
WEBHOOK = f"""
    INSERT INTO webhook (project_id, url, events, secret, position, description, enabled)
    VALUES (:project, 'https://example.com/{SECRET}', ARRAY['message.created'], '', 0, '{SECRET}', false)
    RETURNING id"""
# How to make one of what a path names, in words of SQL with :project; the word is the one before the id.
THINGS = {
    "notices": f"""
        INSERT INTO audit_entry (project_id, kind, actor_name, subject)
        VALUES (:project, 'webhook_switched_off', 'Tandem', '{SECRET}') RETURNING id""",
    "canned": f"""
        INSERT INTO canned_reply (project_id, shortcut, content)
        VALUES (:project, 'x' || nextval('message_id_seq'), '{SECRET}') RETURNING id""",
    "canned-replies": f"""
        INSERT INTO canned_reply (project_id, shortcut, content)
        VALUES (:project, 'x' || nextval('message_id_seq'), '{SECRET}') RETURNING id""",
    "snippets": f"INSERT INTO snippet (project_id, title, content) VALUES (:project, '{SECRET}', 'x') RETURNING id",
    "tools": f"""
        WITH h AS (
            INSERT INTO tool_host (project_id, host) VALUES (:project, lower('{SECRET}') || '.example')
            ON CONFLICT DO NOTHING)
        INSERT INTO http_tool (project_id, name, description, parameters, url) VALUES
        (:project, '{SECRET}' || md5(random()::text), 'x', '{{"type": "object"}}', 'https://{SECRET}.example/')
        RETURNING id""",
    "hosts": HOST,
    "tool-hosts": HOST,
    "saved-views": f"""
        INSERT INTO saved_view (project_id, created_by, name, view, shared)
        SELECT :project, min(agent_id), '{SECRET}', 'all', true FROM membership
        WHERE project_id = :project AND role = 'manager' RETURNING id""",
    "bulk": """
        INSERT INTO bulk_act (project_id, agent_id, items)
        SELECT :project, min(agent_id), jsonb_build_array(jsonb_build_object('id', c.id, 'version', 1,
            'before', '{"status": "open", "labels": []}'::jsonb, 'after', '{"status": "spam", "labels": []}'::jsonb))
        FROM membership m, LATERAL (SELECT min(id) AS id FROM conversation WHERE project_id = :project) c
        WHERE m.project_id = :project AND m.role = 'manager' GROUP BY c.id RETURNING id""",
    "versions": f"""
        INSERT INTO workflow (project_id, version, definition)
        SELECT :project, COALESCE(max(version), 100 * :project) + 1, '{{"nodes": [], "edges": [], "x": "{SECRET}"}}'
        FROM workflow WHERE project_id = :project RETURNING version""",
    "members": f"""
        WITH a AS (
            INSERT INTO agent (email, name, password_hash)
            VALUES (gen_random_uuid() || '@example.com', '{SECRET}', 'x') RETURNING id)
        INSERT INTO membership (project_id, agent_id) SELECT :project, id FROM a RETURNING agent_id""",
    "invitations": f"""
        INSERT INTO invitation (project_id, email, token_hash, invited_by, expires_at)
        SELECT :project, '{SECRET}' || gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), '{SECRET}',
            clock_timestamp() + interval '1 day' RETURNING id""",
    "attachments": f"""
        INSERT INTO attachment (project_id, conversation_id, message_id, author, author_id, key, name, type, bytes)
        SELECT turn.project_id, conversation_id, m.id, 'visitor', 1, md5(m.id::text) || turn.id, '{SECRET}.txt',
            'text/plain', 8
        FROM turn JOIN message m USING (conversation_id) WHERE turn.id = :turn
        ON CONFLICT (key) DO UPDATE SET bytes = 8 RETURNING key""",
    "drafts": f"""
        INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
        SELECT :project, conversation_id, id, '{SECRET}', 'assigned' FROM turn WHERE id = :turn RETURNING id""",
    "messages": f"""
        INSERT INTO message (project_id, conversation_id, author, content)
        SELECT :project, conversation_id, 'visitor', '{SECRET}' FROM turn WHERE id = :turn RETURNING id""",
    "visitors": f"INSERT INTO visitor (project_id, name) VALUES (:project, '{SECRET}') RETURNING id",
    "tokens": f"""
        INSERT INTO api_token (project_id, agent_id, name, token_hash)
        SELECT :project, min(agent_id), '{SECRET}', sha256(random()::text::bytea) FROM membership
        WHERE project_id = :project RETURNING id""",
    "webhooks": WEBHOOK,
    "deliveries": f"""
        WITH w AS ({WEBHOOK})
        INSERT INTO webhook_delivery (webhook_id, project_id, event_id, kind, body)
        SELECT COALESCE(CAST(:webhooks AS bigint), w.id), :project, 'evt', 'message.created', '{SECRET}' FROM w
        RETURNING id""",
}
