"""A start with another secret key says so, where the database holds secrets."""

from __future__ import annotations

import os
from typing import Any

import pytest
from sqlalchemy import text

from commands import processes
from commands.preflight import check_key
from inbox.sealing import Sealer
from inbox.second_factor import PURPOSE
from inbox.services import Services
from inbox.settings import Settings
from tests.people import People

KEY, OTHER = "the key", "another key"
FACTOR = text("INSERT INTO totp (agent_id, secret, confirmed_at) VALUES (:agent, :secret, now())")
HOOK = text(
    """
INSERT INTO webhook (project_id, url, events, secret, position)
VALUES (:project, 'https://a.example', '{}', :secret, 0)
"""
)


def test_whose_key_the_secrets_have(people: People, services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    def warned(key: str) -> bool:
        check_key(connection, key)
        return "SECRET_KEY is not the one" in capsys.readouterr().err

    with services.database.begin() as connection:
        assert not warned(OTHER), "there is nothing to open"
        connection.execute(FACTOR, {"agent": people.ana.id, "secret": Sealer(KEY, PURPOSE).seal("a secret")})
        assert (warned(OTHER), warned(KEY)) == (True, False)
        hook = {"project": people.ana.project_id, "secret": Sealer(OTHER).seal("entered anew")}
        connection.execute(HOOK, hook)
        assert not warned(OTHER), "the key was changed knowingly"


def test_a_start_says_what_it_finds(
    services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    become: list[Any] = []
    monkeypatch.setattr(os, "execve", lambda *arguments: become.append(arguments))
    monkeypatch.setenv("SECRET_KEY", KEY)
    monkeypatch.setenv("REDIS_URL", str(settings.redis_url))
    monkeypatch.setenv("TANDEM_DATA", str(settings.data))
    monkeypatch.setenv("DATABASE_URL", "postgresql://ana:pa55word@127.0.0.1:1/none")
    processes.web.main([], standalone_mode=False)
    said = capsys.readouterr().err
    assert "The database does not answer (Connection refused). This starts all the same" in said
    assert "pa55word" not in said
    monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
    monkeypatch.delenv("SECRET_KEY")
    processes.worker.main([], standalone_mode=False)
    assert "SECRET_KEY is not set" in capsys.readouterr().err
    assert len(become) == 2
