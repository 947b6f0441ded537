"""The race lab: the naive writer loses what people set, Tandem's landing loses nothing, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

from redis import Redis
from sqlalchemy import Engine, text

from inbox.race_lab import Race
from jobs.race import run

ROOT = Path(__file__).resolve().parent.parent.parent


def test_only_the_naive_writer_loses(engine: Engine, redis_url: str) -> None:
    race = run(engine, Redis.from_url(redis_url), Race(conversations=30, agents=6, think=(0.2, 0.6)))
    assert race.naive.turns == race.tandem.turns == 30
    assert race.naive.lost > 0, "the storm must be strong enough to show the bug"
    assert race.naive.examples
    assert race.tandem.lost == 0
    assert race.acts > 0
    with engine.connect() as connection:
        for table in ("project", "conversation", "message", "turn", "agent"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_the_naive_writer_exists_only_in_the_lab() -> None:
    for package in ("inbox", "jobs", "responder", "commands"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "race.py":
                assert "NAIVE" not in path.read_text().upper() or path.name in {"race_lab.py"}, path
