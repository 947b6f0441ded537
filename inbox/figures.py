"""The installation's figures as Prometheus reads them: what a person on call has to know, over all projects.

Owns their names and statements. All but the process's own are read from the database, so that every process says the
same. Must stay cheap, for it is asked every few seconds: tests/integration/test_figures.py::test_no_table_is_read.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest
from sqlalchemy import Connection, TextClause, text

from inbox.conversation import TURN_STATUSES

TURNS = text(
    """
SELECT status, count(*) AS turns, count(*) FILTER (WHERE window_ms IS NOT NULL AND lock_wait_ms IS NULL) AS unlocked,
    COALESCE(avg(window_ms), 0) AS window_ms
FROM turn WHERE status IN ('queued', 'thinking') OR ended_at > statement_timestamp() - interval '1 hour'
GROUP BY status
"""
)
# For how long the turn that has waited longest could have been begun: one that is tried again later cannot yet.
OVERDUE = text(
    """
SELECT COALESCE(extract(epoch FROM statement_timestamp() - min(CASE status
    WHEN 'queued' THEN GREATEST(created_at, next_try_at) ELSE lease_until END)), 0)
FROM turn WHERE status IN ('queued', 'thinking')
"""
)
HAND_OFFS = text(
    """
SELECT COALESCE(reason, 'asked') AS reason, count(*) AS turns FROM turn
WHERE ended_at > statement_timestamp() - interval '1 hour' AND status = 'handed_off' GROUP BY 1
"""
)
# Told although it is nought, so that an alert on it knows its series from the start.
MODEL_REASONS = ("model_failed", "model_timeout", "spend_cap")
NEED_A_PERSON = text("SELECT COALESCE(sum(wanted), 0) FROM view_count")
FAILING = text("SELECT count(*) FROM webhook WHERE enabled AND failing_since IS NOT NULL")


def figures(connection: Connection, *, streams: int, redis_answers: bool) -> bytes:
    """All of them, in Prometheus' text form; `streams` are this process's."""
    registry = CollectorRegistry()
    _of_turns(connection, registry)
    for name, words, value in (
        ("turns_overdue_seconds", "How long the longest waiting turn could have been begun", _one(connection, OVERDUE)),
        ("needs_person", "Conversations in which people are waited for", _one(connection, NEED_A_PERSON)),
        ("webhooks_failing", "Webhooks that are on and take nothing", _one(connection, FAILING)),
        ("redis_up", "Whether Redis answers this process, and takes what it is told", float(redis_answers)),
        ("event_streams", "Open event streams of this process", float(streams)),
    ):
        Gauge(f"tandem_{name}", words, registry=registry).set(value)
    ProcessCollector(registry=registry)
    return bytes(generate_latest(registry))


def _of_turns(connection: Connection, registry: CollectorRegistry) -> None:
    turns = Gauge("tandem_turns", "Turns that are live or ended in the last hour", ["status"], registry=registry)
    window = Gauge("tandem_window_ms", "Mean milliseconds from re-fetch to commit", ["status"], registry=registry)
    unlocked = Gauge("tandem_landed_without_lock", "Landings of the last hour without Redis", registry=registry)
    hand_offs = Gauge("tandem_hand_offs", "Hand-offs of the last hour", ["reason"], registry=registry)
    rows = connection.execute(TURNS).all()
    unlocked.set(sum(row.unlocked for row in rows))
    for status in TURN_STATUSES:  # a figure that is nought is told as well, so that a rate has a beginning
        turns.labels(status)
    for row in rows:
        turns.labels(row.status).set(row.turns)
        window.labels(row.status).set(row.window_ms)
    for reason in MODEL_REASONS:
        hand_offs.labels(reason)
    for row in connection.execute(HAND_OFFS):
        hand_offs.labels(row.reason).set(row.turns)


def _one(connection: Connection, statement: TextClause) -> float:
    return max(0.0, float(connection.execute(statement).scalar_one()))
