"""160 agents claim the same conversation at once: one of them has it, and all others are told who."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from inbox.access import issue_token
from inbox.services import Services
from tests.integration.callers import Caller, House

AGENTS = 160
AT_ONCE = 32

# People who never sign in: a password's hash costs a tenth of a second each.
JOIN = text(
    """
WITH made AS (
    INSERT INTO agent (email, name, password_hash)
    SELECT 'crowd' || n || '@example.com', 'Agent ' || n, '' FROM generate_series(1, :agents) AS n RETURNING id)
INSERT INTO membership (project_id, agent_id, role) SELECT :project, id, 'agent' FROM made RETURNING agent_id
"""
)


def test_one_winner(app: Flask, house: House, services: Services, record_property: Any) -> None:
    at = house.visit("Is anybody there?").conversation_id
    with services.database.begin() as connection:
        crowd = connection.execute(JOIN, {"agents": AGENTS, "project": house.project_id}).scalars().all()
        agents = [Caller(app, issue_token(connection, house.project_id, who), who) for who in crowd]
    together = threading.Barrier(AT_ONCE)

    def click(agent: Caller) -> TestResponse:
        together.wait()
        return agent.post(f"/conversations/{at}/claim")

    with ThreadPoolExecutor(AT_ONCE) as clicking:
        answers = list(clicking.map(click, agents))
    won = [answer.get_json() for answer in answers if answer.status_code == 200]
    lost = [answer.get_json()["error"] for answer in answers if answer.status_code == 409]
    assert (len(won), len(lost)) == (1, AGENTS - 1)
    owner = won[0]["assignee_id"]
    assert {(error["code"], error["owner"]["id"]) for error in lost} == {("stale_claim", owner)}
    found = house.ada.get(f"/conversations/{at}").get_json()
    assert (found["assignee_id"], found["version"]) == (owner, won[0]["version"])
    entries = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"]
    assert [entry["actor"]["id"] for entry in entries if entry["kind"] == "assigned"] == [owner]
    record_property("claims of one conversation", AGENTS)
