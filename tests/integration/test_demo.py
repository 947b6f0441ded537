"""The demo project: made at the first start, and once more when it is asked for."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import text

from commands.demo import demo, first_start
from inbox.services import Services
from inbox.settings import Settings


def test_once_more_leaves_the_first_ones_sign_in_as_it_was_said(
    services: Services, settings: Settings, tmp_path: Path
) -> None:
    with services.database.begin() as connection:
        first = first_start(connection, tmp_path)
    assert first is not None
    servers = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "TANDEM_DATA": str(tmp_path)}
    done = CliRunner().invoke(demo, [], env=servers)
    assert done.exit_code == 0, done.output
    with services.reading() as connection:
        canned = connection.execute(
            text("SELECT count(*) FROM canned_reply WHERE project_id = :it"), {"it": first.project_id}
        )
        assert canned.scalar_one() == 2, "there is something behind `/`"
    again = json.loads(done.stdout)
    assert again["project_id"] != first.project_id
    assert (again["email"], again["password"]) == (first.email, first.password)


def test_its_past_lies_days_back_in_order(services: Services, tmp_path: Path) -> None:
    with services.database.begin() as connection:
        first_start(connection, tmp_path)
    with services.reading() as connection:
        rows = connection.execute(text(ODDITIES)).one()
    assert rows.conversations == 20
    assert rows.days > 6
    assert (rows.not_in_order, rows.ahead, rows.waiting, rows.told_otherwise) == (0, 0, 0, 0)


ODDITIES = """
SELECT count(*) AS conversations, extract(day FROM max(active_at) - min(active_at)) AS days,
    (SELECT count(*) FROM message m JOIN message n ON n.conversation_id = m.conversation_id
        WHERE n.id > m.id AND n.created_at < m.created_at) AS not_in_order,
    (SELECT count(*) FROM timeline_event WHERE at > now()) AS ahead,
    (SELECT count(*) FROM turn WHERE status IN ('queued', 'thinking') OR ended_at < claimed_at) AS waiting,
    (SELECT count(*) FROM timeline_event t JOIN turn ON turn.id = t.turn_id
        WHERE abs(extract(epoch FROM CAST(t.data ->> 'claimed_at' AS timestamptz) - turn.claimed_at)) > 1)
        AS told_otherwise
FROM conversation"""
