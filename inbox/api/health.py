"""Whether the process lives, whether it can work, and its figures."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, ProcessCollector, generate_latest
from sqlalchemy import text

from inbox.api.answering import answer
from inbox.api.asking import services, wiring
from inbox.conversation import TURN_STATUSES

blueprint = Blueprint("health", __name__)

FIGURES = text(
    """
SELECT status, count(*) AS turns, count(*) FILTER (WHERE window_ms IS NOT NULL AND lock_wait_ms IS NULL) AS unlocked,
    COALESCE(avg(window_ms), 0) AS window_ms
FROM turn WHERE status IN ('queued', 'thinking') OR ended_at > statement_timestamp() - interval '1 hour'
GROUP BY status
"""
)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process lives."""
    return answer({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready with a database that takes what is written; Redis may be away. Answers within three seconds in any case."""
    redis = "ok" if wiring().presence.answers() else "down"
    if not wiring().pulse.beats():
        response = answer({"database": "down", "redis": redis}, 503)
        response.headers["Retry-After"] = "2"
        return response
    return answer({"database": "ok", "redis": redis})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus: turns of the last hour by status, read from the database, so that every process agrees.

    Event streams, memory, processor time and open files are this process's own.
    """
    registry = CollectorRegistry()
    turns = Gauge("tandem_turns", "Turns that are live or ended in the last hour", ["status"], registry=registry)
    window = Gauge("tandem_window_ms", "Mean milliseconds from re-fetch to commit", ["status"], registry=registry)
    unlocked = Gauge("tandem_landed_without_lock", "Landings of the last hour without Redis", registry=registry)
    with services().reading() as connection:
        rows = connection.execute(FIGURES).all()
    streams = Gauge("tandem_event_streams", "Open event streams of this process", registry=registry)
    ProcessCollector(registry=registry)
    streams.set(wiring().hub.listening())
    unlocked.set(sum(row.unlocked for row in rows))
    for status in TURN_STATUSES:  # a figure that is nought is told as well, so that a rate has a beginning
        turns.labels(status)
    for row in rows:
        turns.labels(row.status).set(row.turns)
        window.labels(row.status).set(row.window_ms)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
