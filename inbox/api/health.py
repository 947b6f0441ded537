"""Whether the process lives, whether it can work, and its figures (inbox/figures.py)."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from inbox import figures
from inbox.api.answering import answer
from inbox.api.asking import services, wiring

blueprint = Blueprint("health", __name__)


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
    """Prometheus: turns and hand-offs of the last hour, who waits and what fails, read from the database, so that every
    process agrees. Redis, event streams, memory, processor time and open files are as this process has them.
    """
    redis_answers = wiring().presence.answers()
    with services().reading() as connection:
        told = figures.figures(connection, streams=wiring().hub.listening(), redis_answers=redis_answers)
    return Response(told, content_type=CONTENT_TYPE_LATEST)
