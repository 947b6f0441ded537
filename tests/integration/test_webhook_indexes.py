"""The workers' questions about webhooks use their indexes: none reads a log or the change log from end to end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, TextClause, text

from inbox import deliveries, visitors, webhooks
from jobs import delivering, dispatching, feeding
from tests.people import People

HOOK = """
INSERT INTO webhook (project_id, url, events, secret, position)
VALUES (:project, 'https://example.com', '{message.created}', '', 0) RETURNING id
"""
LOG = """
INSERT INTO webhook_delivery (webhook_id, project_id, conversation_id, event_id, kind, body, state, ended_at)
SELECT :webhook, :project, :conversation, n::text, 'message.created', '{}',
    CASE WHEN n % 1000 = 0 THEN 'waiting' ELSE 'delivered' END, CASE WHEN n % 1000 > 0 THEN now() END
FROM generate_series(1, 20000) AS n
"""
CHANGES = """
INSERT INTO change (position, project_id, conversation_id, version, body)
SELECT n + 100, :project + n % 50, :conversation, 1, '{}' FROM generate_series(1, 20000) AS n
"""
VISITORS = """
INSERT INTO visitor (project_id, name, email, external_id)
SELECT :project, 'Visitor ' || n, n || '@example.com', n::text FROM generate_series(1, 20000) AS n
"""


@pytest.fixture
def busy(people: People) -> dict[str, int]:
    """A webhook with a long log, in a project where much happened."""
    named = {"project": people.project_id, "conversation": people.conversation_id}
    with people.services.database.begin() as connection:
        named["webhook"] = connection.execute(text(HOOK), named).scalar_one()
        for statement in (LOG, CHANGES, VISITORS):
            connection.execute(text(statement), named)
    with people.services.reading() as connection:
        connection.execute(text("ANALYZE"))
    return named


def listed(name: str) -> TextClause:
    """The statement of a list of visitors that filters by this."""
    clause = visitors.CLAUSES[name]
    return text(
        f"SELECT * FROM visitor WHERE project_id = :project AND id < :before AND {clause} ORDER BY id DESC LIMIT 50"
    )


def test_the_workers_questions(people: People, busy: dict[str, int]) -> None:
    told = [feeding.Told(number, "1", f"evt_{number}_0", "message.created", "{}") for number in range(19_000, 19_200)]
    hook = SimpleNamespace(project_id=busy["project"], position=19_000)
    fed = feeding.parameters_of(busy["webhook"], hook, 19_200, told)
    asked: list[tuple[TextClause, dict[str, Any]]] = [
        (dispatching.NEEDING, {}),
        (delivering.CLAIM, {"webhook": busy["webhook"], "lanes": 8, "lease": 20}),
        (feeding.CHANGES, {"project": busy["project"], "after": 19_000, "limit": 200}),
        (feeding.FEED, fed),
        (text(deliveries.LISTED.format(more="")), {"webhook": busy["webhook"], "before": 2**60, "limit": 50}),
        (
            text(deliveries.LISTED.format(more=" AND state = 'failed'")),
            {"webhook": busy["webhook"], "before": 2**60, "limit": 50},
        ),
        (deliveries.REPLAY_FAILED, {**busy, "who": 1, "who_name": "Ada"}),
        (webhooks.FIND, busy),
        (listed("email"), {"project": busy["project"], "before": 2**60, "email": "7@example.com"}),
        (listed("external_id"), {"project": busy["project"], "before": 2**60, "external_id": "7"}),
    ]
    with people.services.reading() as connection:
        for statement, parameters in asked:
            assert not read_whole(connection, statement, parameters), statement.text


def read_whole(connection: Connection, statement: TextClause, parameters: dict[str, Any]) -> set[str]:
    """The long tables that the statement's plan reads from end to end."""
    named = {name: value for name, value in parameters.items() if name in statement._bindparams}
    explained = text("EXPLAIN (FORMAT JSON) " + statement.text)
    waiting, found = [connection.execute(explained, named).scalar_one()[0]["Plan"]], set()
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            found.add(node["Relation Name"])
    return found & {"webhook_delivery", "change", "visitor"}
