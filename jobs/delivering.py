"""The deliveries of one webhook: claimed, sent, marked. The RQ job of the queue of deliveries.

Owns who sends what when: in order within a conversation, again after a failure, never twice at once. Everything that
must not be lost is in the delivery's row: a worker that is killed between sending and marking leaves a lease that
lapses, and the event is sent again under the same id (tests/integration/test_delivering.py::test_killed_in_between).
"""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from inbox.database import single_statements
from jobs import context, feeding
from jobs.context import Context
from jobs.posting import Answered, post
from responder.outgoing import CALL_SECONDS

LANES = 8  # conversations of one webhook that are told at once
LEASE_SECONDS = CALL_SECONDS + 10  # a call and its marking; after that the sender is taken for dead
ROUND_SECONDS = 15.0  # then the job ends, and another takes its turn; a killed worker keeps a webhook no longer
FIRST_DELAY_SECONDS = 5.0  # after a failure: 5, 15, 45 s and so on
LONGEST_DELAY_SECONDS = 6 * 3600.0
MOST_FAILURES = 20  # with the delays above a little over three days; then it is given up
DISABLED_AFTER_DAYS = 5  # in which nothing arrived
RESTS_AFTER = 5  # failures in a row, whatever was sent: then a server is asked with one delivery at a time
FIRST_REST_SECONDS = 5.0  # doubled with every further failure
LONGEST_REST_SECONDS = 600.0  # so long after it is well again it is noticed at the latest
MOST_TRIES_KEPT = 30
GONE = 410  # the receiver wants no more, says Standard Webhooks
LIMITS = {
    "most": MOST_FAILURES,
    "days": DISABLED_AFTER_DAYS,
    "rests_after": RESTS_AFTER,
    "first_rest": FIRST_REST_SECONDS,
    "longest_rest": LONGEST_REST_SECONDS,
}

TAKE = text(
    """
UPDATE webhook SET worked_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE id = :webhook AND enabled AND (worked_until IS NULL OR worked_until < clock_timestamp())
"""
)
LET_GO = text("UPDATE webhook SET worked_until = NULL WHERE id = :webhook")
# Within a conversation only the oldest that waits may go, so one that is being tried again holds back those behind it.
# tests/integration/test_delivering.py::test_order_is_kept_while_one_is_tried_again
READY = """d.state = 'waiting' AND d.due_at <= clock_timestamp()
    AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
    AND NOT EXISTS (
        SELECT 1 FROM webhook_delivery e
        WHERE e.webhook_id = d.webhook_id AND e.conversation_id = d.conversation_id
          AND e.state = 'waiting' AND e.id < d.id)"""
# A server that answers nothing holds a worker's place for a moment only, and no other webhook waits behind it.
# tests/integration/test_webhook_rests.py
AWAKE = "(w.rests_until IS NULL OR w.rests_until <= clock_timestamp())"
# Tests first, since somebody waits for them; then what was not tried yet, which tells best whether a server is well.
CLAIM = text(
    f"""
WITH due AS (
    SELECT d.id FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id AND w.enabled AND {AWAKE}
    WHERE d.webhook_id = :webhook AND {READY}
    ORDER BY d.conversation_id IS NOT NULL, d.failures, d.id
    LIMIT (SELECT CASE WHEN failures < {RESTS_AFTER} THEN CAST(:lanes AS int) ELSE 1 END FROM webhook
        WHERE id = :webhook)
    FOR NO KEY UPDATE OF d SKIP LOCKED)
UPDATE webhook_delivery d
SET attempt = d.attempt + 1, lease_until = clock_timestamp() + make_interval(secs => :lease)
FROM due, webhook w WHERE d.id = due.id AND w.id = d.webhook_id
RETURNING d.id, d.attempt, d.failures, d.event_id, d.body, w.url, w.secret,
    CASE WHEN w.previous_until > clock_timestamp() THEN w.previous_secret END AS previous_secret
"""
)
TRIED = """lease_until = NULL, tries = CASE WHEN jsonb_array_length(tries) >= :kept THEN tries - 0 ELSE tries END
    || jsonb_build_array(CAST(:try AS jsonb))"""
# The attempt is the fence: who lost the lease marks nothing.
OURS = "WHERE id = :delivery AND attempt = :attempt AND state = 'waiting'"
ARRIVED = text(
    f"""
WITH d AS (
    UPDATE webhook_delivery SET state = 'delivered', ended_at = clock_timestamp(), {TRIED} {OURS}
    RETURNING webhook_id)
UPDATE webhook SET failing_since = NULL, failures = 0, rests_until = NULL
FROM d WHERE webhook.id = d.webhook_id AND webhook.failing_since IS NOT NULL
"""
)
# What was on its way when a rest began tells nothing new.
RESTING = "COALESCE(webhook.rests_until > clock_timestamp(), false)"
FAILED = text(
    f"""
WITH d AS (
    UPDATE webhook_delivery SET failures = failures + 1, {TRIED},
        due_at = clock_timestamp() + make_interval(secs => :delay),
        state = CASE WHEN failures + 1 >= :most THEN 'failed' ELSE 'waiting' END,
        ended_at = CASE WHEN failures + 1 >= :most THEN clock_timestamp() END
    {OURS}
    RETURNING webhook_id),
w AS (
    SELECT webhook.id, CASE WHEN :gone THEN 'gone'
        WHEN webhook.failing_since < clock_timestamp() - make_interval(days => :days) THEN 'failing' END AS off
    FROM webhook JOIN d ON d.webhook_id = webhook.id),
told AS (
    UPDATE webhook SET failing_since = COALESCE(webhook.failing_since, clock_timestamp()),
        enabled = w.off IS NULL, off_reason = w.off, version = webhook.version + (w.off IS NOT NULL)::int,
        failures = CASE WHEN {RESTING} THEN webhook.failures ELSE webhook.failures + 1 END,
        rests_until = CASE WHEN {RESTING} THEN rests_until WHEN webhook.failures + 1 >= :rests_after THEN
            clock_timestamp() + make_interval(
                secs => LEAST(:first_rest * 2 ^ LEAST(webhook.failures + 1 - :rests_after, 20), :longest_rest)) END
    FROM w WHERE webhook.id = w.id AND webhook.enabled
    RETURNING webhook.id, webhook.project_id, webhook.url, webhook.off_reason)
INSERT INTO audit_entry (project_id, kind, actor_name, subject, data)
SELECT project_id, 'webhook_switched_off', 'Tandem', url, jsonb_build_object('reason', off_reason, 'webhook_id', id)
FROM told WHERE off_reason IS NOT NULL
"""
)


@dataclass(frozen=True)
class Claimed:
    """One delivery that is ours to send, for LEASE_SECONDS."""

    id: int
    attempt: int
    failures: int
    event_id: str
    body: str
    url: str
    secret: bytes
    previous_secret: bytes | None


def deliver(webhook_id: int) -> None:
    """The RQ job: send what is due to this webhook. Where another worker is at it, nothing."""
    run(context.current(), webhook_id)


def run(here: Context, webhook_id: int) -> None:
    """Feed and send until nothing is due, or ROUND_SECONDS are over."""
    named = {"webhook": webhook_id}
    with single_statements(here.engine).connect() as connection:
        taking = {**named, "seconds": ROUND_SECONDS + LEASE_SECONDS}
        if connection.execute(TAKE, taking).rowcount == 0:
            return
    until = time.monotonic() + ROUND_SECONDS
    try:
        while time.monotonic() < until:
            feeding.feed(here.engine, webhook_id)
            due = claim(here, webhook_id, LANES)
            if not due:
                return
            with ThreadPoolExecutor(len(due), thread_name_prefix=f"webhook {webhook_id}") as lanes:
                for lane in [lanes.submit(_lane, here, webhook_id, one, until) for one in due]:
                    lane.result()
    finally:
        with single_statements(here.engine).connect() as connection:
            connection.execute(LET_GO, named)
        here.waker()  # what was committed since the last look was left to us: the dispatchers look again


def _lane(here: Context, webhook_id: int, first: Claimed, until: float) -> None:
    """Send one delivery after another, as long as there is one that may go."""
    waiting = [first]
    while waiting:
        send(here, waiting[0])
        waiting = claim(here, webhook_id, 1) if time.monotonic() < until else []


def claim(here: Context, webhook_id: int, most: int) -> list[Claimed]:
    """Up to `most` deliveries that are due, each of another conversation."""
    parameters = {"webhook": webhook_id, "lanes": most, "lease": LEASE_SECONDS}
    with single_statements(here.engine).connect() as connection:
        return [Claimed(**row) for row in connection.execute(CLAIM, parameters).mappings()]


def send(here: Context, claimed: Claimed) -> Answered:
    """Send it once and mark what came of it."""
    secrets = [here.sealer.open(bytes(one)) for one in (claimed.secret, claimed.previous_secret) if one is not None]
    signers = [secret for secret in secrets if secret is not None]
    if secrets[0] is None:  # unsigned is worse than not at all
        answered = Answered(None, "Not sent: its secret cannot be read any more. Rotate it.", 0)
    else:
        answered = post(here.network, claimed.url, claimed.event_id, claimed.body, signers)
    mark(here, claimed, answered)
    return answered


def mark(here: Context, claimed: Claimed, answered: Answered) -> None:
    """Write down how it went: arrived, or due again later, or given up."""
    tried = {"at": datetime.now(UTC).isoformat(), **asdict(answered)}
    parameters: dict[str, Any] = {
        "delivery": claimed.id,
        "attempt": claimed.attempt,
        "try": json.dumps({name: value for name, value in tried.items() if name != "retry_after"}),
        "kept": MOST_TRIES_KEPT,
    }
    if not answered.ok:
        delay = delay_seconds(claimed.failures, random.random(), answered.retry_after)
        parameters |= LIMITS | {"delay": delay, "gone": answered.status == GONE}
    with single_statements(here.engine).connect() as connection:
        connection.execute(ARRIVED if answered.ok else FAILED, parameters)


def delay_seconds(failures: int, luck: float, retry_after: float | None = None) -> float:
    """How long until the next attempt, a fifth more or less by luck (0 to 1); never sooner than the receiver asks."""
    plain = min(FIRST_DELAY_SECONDS * 3 ** min(failures, 20), LONGEST_DELAY_SECONDS)
    return float(max(plain * (0.8 + 0.4 * luck), retry_after or 0))
