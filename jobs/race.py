"""The race lab: the same storm of people's acts against the naive writer and against Tandem's landing.

Owns the naive writer, which exists nowhere else, and the running of both at once. The storm is in jobs/storm.py.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, text

from inbox.database import single_statements
from inbox.race_lab import Race, Side
from jobs.landing import Lander
from jobs.race_field import clean_up, prepare
from jobs.storm import WHOLE, Writer, Wrote, storm
from jobs.values import Work
from responder.outcome import Reply

# What the founding bug does: everything that was read before the model was called is saved with the reply.
NAIVE_SAVE = text(
    """
WITH c AS (
    UPDATE conversation SET
        status = :status, snoozed_until = :snoozed_until, assignee_id = :assignee_id, assigned_at = :assigned_at,
        priority = :priority, labels = :labels, responder_state = :responder_state,
        custom_attributes = CAST(:custom_attributes AS jsonb), metadata = CAST(:metadata AS jsonb),
        unread_count = :unread_count, last_message_id = nextval('message_id_seq'), last_message_snippet = :reply,
        last_message_timestamp = clock_timestamp(), version = conversation.version + 1
    WHERE id = :id RETURNING *),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_name, content, turn_id)
    SELECT c.last_message_id, c.project_id, c.id, 'responder', 'AI', :reply, :turn FROM c)
UPDATE turn SET status = 'landed', ended_at = clock_timestamp() WHERE id = :turn
"""
)
REPLY = "Thank you for waiting. Your parcel is on its way."


def run(engine: Engine, redis: Any, race: Race) -> Race:
    """Run both sides at once, each in a project of its own, and fill `race` as they go."""
    started = time.monotonic()
    writers: list[tuple[Side, Writer]] = [(race.naive, NaiveWriter(engine)), (race.tandem, TandemWriter(engine, redis))]
    with ThreadPoolExecutor(len(writers)) as sides:
        for one in [sides.submit(_side, engine, race, side, writer) for side, writer in writers]:
            one.result()
    race.seconds = round(time.monotonic() - started, 2)
    return race


def _side(engine: Engine, race: Race, side: Side, writer: Writer) -> None:
    where = prepare(engine, race)
    try:
        storm(where, race, side, writer)
    finally:
        clean_up(where)


class NaiveWriter:
    """Saves what it read. It is what this project exists to end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = single_statements(engine)

    def read(self, work: Work) -> Any:
        """The whole conversation, before the model is called."""
        with self._engine.connect() as connection:
            row = connection.execute(WHOLE, {"id": work.claimed.conversation_id}).mappings().one()
        return row, time.monotonic()

    def write(self, work: Work, read: Any) -> Wrote:
        """The whole conversation, after the model has answered."""
        row, at = read
        values = dict(row) | {name: json.dumps(row[name]) for name in ("custom_attributes", "metadata")}
        with self._engine.connect() as connection:
            connection.execute(NAIVE_SAVE, values | {"reply": REPLY, "turn": work.claimed.turn_id})
        return Wrote((time.monotonic() - at) * 1000)


class TandemWriter:
    """Lands like every turn does."""

    def __init__(self, engine: Engine, redis: Any) -> None:
        self._lander = Lander(engine, redis)

    def read(self, work: Work) -> Any:
        """Nothing more than every turn knows."""

    def write(self, work: Work, read: Any) -> Wrote:
        """The landing."""
        passed: list[str] = []
        landed = replace(self._lander, pause=passed.append).land(work.claimed, work.basis, Reply(REPLY, None))
        version = None if landed.version is None else landed.version - 1
        return Wrote(landed.window_ms or 0.0, version, passed.count("lost"))


class ThreadRaceLab:
    """Implements inbox.race_lab.RaceLab in a thread of this process."""

    def __init__(self, engine: Engine, redis: Any) -> None:
        self._engine = engine
        self._redis = redis
        self._newest: Race | None = None
        self._guard = threading.Lock()

    def start(self, race: Race) -> Race:
        """Begin the race, or return the one under way."""
        with self._guard:
            known = self._newest
            if known is not None and known.running:
                return known
            self._newest = race
        threading.Thread(target=self._run, args=(race,), name="race lab", daemon=True).start()
        return race

    def stop(self) -> None:
        """Let the race under way come to its end now."""
        if self._newest is not None:
            self._newest.stop.set()

    def newest(self) -> Race | None:
        """The race under way or the last one."""
        return self._newest

    def _run(self, race: Race) -> None:
        try:
            run(self._engine, self._redis, race)
        except Exception as error:  # shown on the page, where it was started
            race.failed = f"The race ended early: {type(error).__name__}."
            raise
