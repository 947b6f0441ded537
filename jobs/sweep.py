"""The sweeper: every turn ends, whatever died around it, and what is due by the clock is done.

Owns finding turns that were never enqueued (Redis lost), whose lease lapsed (worker killed), or that are out of
attempts, and conversations whose hours, snooze or days are over (inbox/rules.py, inbox/solving.py) or that wait for
somebody (inbox/assigning.py). Every worker sweeps, one at a time. Must not think: jobs/directly.py does, while Redis is
away.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import Connection, text

from inbox import assigning, rules, solving
from inbox.attachments import delete_left, forget_unsent
from inbox.database import is_away, single_statements
from inbox.patience import patiently
from inbox.presence import Presence
from inbox.pruning import prune
from inbox.redis_probe import probe
from inbox.storage import storage_of
from jobs import claim, snapshot
from jobs.context import Context
from jobs.directly import Directly
from jobs.values import Drop
from responder.outcome import HandOff
from responder.words import hand_off_words

log = logging.getLogger(__name__)

SWEEP_LOCK = 7_265_646  # any number, the same in every worker
BATCH = 1000
HAND_OFFS = 3  # tries to give a turn to people, a lease apart; then it has failed
FORGETTING_SECONDS = 600.0  # thousands of rows on a slow disk: longer than any statement that somebody waits for

# A transaction-scoped lock, for behind a pooler in transaction mode a session's lock would stay with a stranger.
TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")

WAITING = text(
    """
SELECT id, attempt, project_id FROM turn
WHERE attempt - releases < :max_attempts
  AND (status = 'queued'
        AND COALESCE(next_try_at, created_at + make_interval(secs => :grace_seconds)) <= clock_timestamp()
    OR status = 'thinking' AND lease_until < clock_timestamp())
ORDER BY id LIMIT :batch
"""
)

EXHAUSTED = text(
    """
SELECT id, attempt - releases - :hand_offs >= :max_attempts AS hopeless FROM turn
WHERE attempt - releases >= :max_attempts
  AND (status = 'queued' OR status = 'thinking' AND lease_until < clock_timestamp())
ORDER BY id LIMIT :batch
"""
)


@dataclass(frozen=True)
class Waiting:
    """A turn that waits to be claimed."""

    turn_id: int
    attempt: int
    project_id: int


def sweep(here: Context, directly: Directly | None = None) -> int:
    """Enqueue every turn that waits without a job, hand off those out of attempts, and do what is due by the clock.

    Where Redis does not answer, or is full, the turns that wait are started `directly`; without it they wait for Redis.
    Returns how many turns and conversations were touched.

    Safe to run anywhere at any time: only one sweeper works, a second enqueue of a turn does no harm.
    """
    limits = {"max_attempts": here.settings.max_attempts, "hand_offs": HAND_OFFS, "batch": BATCH}
    with here.engine.begin() as connection:
        if not connection.execute(TRY_LOCK, {"lock": SWEEP_LOCK}).scalar_one():
            return 0
        waiting = _waiting(connection, here)
        exhausted = connection.execute(EXHAUSTED, limits).all()
        quiet, awake = rules.quiet(connection, BATCH), rules.awake(connection, BATCH)
        forgotten = solving.forgotten(connection, BATCH)
    storage = storage_of(here.settings)
    with single_statements(here.engine).connect() as connection, patiently(connection, FORGETTING_SECONDS):
        prune(connection)
        forget_unsent(connection, storage, BATCH)
        delete_left(connection, storage, BATCH)
    ended = sum(_hand_off(here, row.id, row.hopeless) for row in exhausted)
    return _enqueue(here, waiting, directly) + ended + _by_the_clock(here, quiet, awake, forgotten) + assign(here)


def _waiting(connection: Connection, here: Context) -> list[Waiting]:
    parameters = {
        "max_attempts": here.settings.max_attempts,
        "grace_seconds": here.settings.sweep_seconds,
        "batch": BATCH,
    }
    return [Waiting(*row) for row in connection.execute(WAITING, parameters)]


def _enqueue(here: Context, waiting: list[Waiting], directly: Directly | None) -> int:
    here.queue.level()
    if not waiting:
        return 0
    try:
        probe(here.redis)  # what it refuses to keep is enqueued by nobody: it is as good as away
        lost = set(here.queue.without_job([(one.turn_id, one.attempt) for one in waiting]))
    except RedisError as error:
        started = directly.start(one.turn_id for one in waiting) if directly else 0
        words = "%d turns wait and Redis does not answer (%s); %d of them are run without it."
        log.warning(words, len(waiting), error, started)
        return started
    here.queue.forget_earlier(lost)
    for one in waiting:
        if (one.turn_id, one.attempt) in lost:
            here.queue.enqueue(one.turn_id, one.attempt, project_id=one.project_id)
    return len(lost)


def _by_the_clock(here: Context, quiet: list[rules.Due], awake: list[rules.Due], forgotten: list[rules.Due]) -> int:
    """Give back, reopen and solve; each is a statement of its own, so that none waits for another's lock."""
    if not quiet and not awake and not forgotten:
        return 0
    with single_statements(here.engine).connect() as connection:
        reopened = sum(rules.reopen(connection, due) for due in awake)
        solved = sum(solving.solve(connection, due) for due in forgotten)
        given_back = [(due.project_id, *rules.give_back(connection, due)) for due in quiet]
    here.waker()
    for project_id, _, turn_id in given_back:
        if turn_id is not None:
            here.queue.enqueue(turn_id, project_id=project_id)
    return reopened + solved + sum(done for _, done, _ in given_back)


def assign(here: Context) -> int:
    """Give conversations that need a person to whoever is there, where the project's rule says so; how many."""
    given = 0
    with single_statements(here.engine).connect() as connection:
        for project_id in assigning.projects(connection):
            present = Presence(here.redis).here(project_id)
            given += assigning.assign_waiting(connection, project_id, present, BATCH) if present else 0
    if given:
        here.waker()
    return given


def _hand_off(here: Context, turn_id: int, hopeless: bool) -> int:
    """As `hand_off_exhausted`. One that cannot be handed off now keeps nobody else's turn from being found."""
    try:
        return hand_off_exhausted(here, turn_id, hopeless)
    except Exception as error:
        if is_away(error):
            raise
        log.exception("Turn %d could not be handed off; a later sweep tries again.", turn_id)
        return 0


def hand_off_exhausted(here: Context, turn_id: int, hopeless: bool) -> int:
    """Give a turn that failed too often to people, with the reason; 1 if this call did it.

    A `hopeless` one, for which not even that could be written, is said to have failed: its visitor waits for people,
    who see it (I2): tests/integration/test_failing_turns.py::test_a_turn_that_can_never_be_handed_off_has_failed
    """
    with single_statements(here.engine).connect() as connection:
        claimed = claim.claim(connection, turn_id, lease_seconds=here.settings.lease_seconds, max_attempts=NO_LIMIT)
        found = snapshot.beginning(connection, claimed) if claimed else None
    if claimed is None or found is None:
        return 0
    outcome = Drop("failed", "attempts") if hopeless else HandOff("attempts", hand_off_words(found.language))
    here.lander.land(claimed, found.basis, found.refusal or outcome)
    here.waker()
    return 1


NO_LIMIT = 2**31 - 1  # the hand-off itself is one attempt more
