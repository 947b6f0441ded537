"""One turn from its claim to its landing: the RQ job.

Owns the order of the phases. Holds nothing while the model thinks: no transaction, no connection, no lock.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from inbox.database import is_away, single_statements
from jobs import claim, context, knowledge, snapshot, toolbox
from jobs.context import Context
from jobs.landing import Landed, TurnLost
from jobs.metering import metered
from jobs.progress import Progress, node_names
from jobs.values import Basis, Claimed, Work
from responder.outcome import Outcome, Position, Step
from responder.snapshot import Colleague, Snippet
from responder.thinking import think

log = logging.getLogger(__name__)
BACKOFF_SECONDS = 2.0  # after a failure of ours: 2, 4, 8 s and so on


def run_turn(turn_id: int) -> None:
    """The RQ job. A turn that is not to be had (taken, ended, not due) is left alone: the job was only a hint."""
    run(context.current(), turn_id)


def run(here: Context, turn_id: int) -> Landed | None:
    """Claim, think, land. None where the turn was not to be had or was lost while it thought.

    An error of ours puts the turn back with a delay, to be tried again; the last attempt's error ends in a hand-off
    by the sweeper.
    """
    claimed = _claim(here, turn_id)
    if claimed is None:
        return None
    with here.leases.holding(claimed):
        try:
            landed = _advance(here, claimed)
        except TurnLost:
            return None
        except BaseException as error:
            _retreat(here, claimed, error)
            raise
    _announce(here, landed, claimed.project_id)
    return landed


def _claim(here: Context, turn_id: int) -> Claimed | None:
    """The turn, if it is to be had. Whatever comes of it, its job has left the line."""
    claimed = None
    try:
        with single_statements(here.engine).connect() as connection:
            claimed = claim.claim(
                connection, turn_id, lease_seconds=here.settings.lease_seconds, max_attempts=here.settings.max_attempts
            )
        return claimed
    finally:
        here.queue.level(wake=claimed is not None)


def _advance(here: Context, claimed: Claimed) -> Landed | None:
    work = _read(here, claimed)
    if work is None:
        return None
    if work.refusal is not None:
        return here.lander.land(claimed, work.basis, work.refusal)
    around = Around(here, work)
    model = metered(here.model, here.engine, claimed.project_id, work.snapshot.visitor.id, work.caps)
    outcome: Outcome = think(work.snapshot, model, around)
    return here.lander.land(claimed, around.basis, outcome)


def _read(here: Context, claimed: Claimed) -> Work | None:
    """On its own, so that a turn that waits for its model has nothing of the connection in hand."""
    with single_statements(here.engine).connect() as connection:
        return snapshot.read(connection, claimed)


def _retreat(here: Context, claimed: Claimed, error: BaseException) -> None:
    """Put the turn back after an error of ours. If even that fails, its lease lapses and the sweeper comes."""
    what = f"Turn {claimed.turn_id} failed in attempt {claimed.attempt} and will be tried again"
    if is_away(error):  # no fault of the code, so where it happened says nothing
        log.error("%s: the database is away (%s).", what, str(error).partition("\n")[0])
    else:
        log.exception("%s.", what)
    delay = BACKOFF_SECONDS * 2 ** (claimed.attempt - 1)
    try:
        with single_statements(here.engine).connect() as connection:
            claim.release(connection, claimed, delay_seconds=delay, forgiven=False)
    except Exception as other:
        words = "Turn %s could not be put back; it waits for its lease to lapse."
        log.error(words, claimed.turn_id, exc_info=not is_away(other))


def _announce(here: Context, landed: Landed | None, project_id: int) -> None:
    """Of what landed, the landing itself has woken the readers (jobs/lock.py)."""
    if landed is None:
        here.waker()
    elif landed.next_turn is not None:
        here.queue.enqueue(landed.next_turn, project_id=project_id)


@dataclass(slots=True)
class Around:
    """What the thinking may ask of its surroundings. Implements responder.surroundings.Surroundings."""

    here: Context
    work: Work
    basis: Basis = field(init=False)
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = node_names(self.work.snapshot.workflow or {})
        self.basis = self.work.basis

    def search(self, query: str) -> tuple[Snippet, ...]:
        """The project's snippets for the query; the project is the turn's, whatever the model says."""
        if not self.work.has_snippets:
            return ()
        with single_statements(self.here.engine).connect() as connection:
            return knowledge.search(connection, self.work.claimed.project_id, query)

    def colleague(self, named: str) -> Colleague | None:
        """A member of the turn's project."""
        with single_statements(self.here.engine).connect() as connection:
            return toolbox.colleague(connection, self.work.claimed.project_id, named)

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The answer of one of the turn's project's own tools. Raises ToolFailed, or TurnLost before the call."""
        self._still_ours()
        box = replace(self.work.toolbox, sealer=self.here.sealer, network=self.here.network)
        return box.call(name, arguments)

    def land_position(self, position: Position, step: Step) -> None:
        """Land a routing step, so that a killed worker resumes behind it. Raises TurnLost."""
        self.basis = self.here.lander.land_position(self.work.claimed, self.basis, position, step)

    def progress(self, node_id: str, node_type: str, tool: str | None, text: str) -> None:
        """Tell those who watch. Raises TurnLost once the turn is known to be no longer ours: its model is left."""
        self._still_ours()
        claimed = self.work.claimed
        named = self.names.get(node_id, node_id)
        self.here.teller.tell(claimed.project_id, Progress(claimed.turn_id, claimed.conversation_id, named, tool, text))

    def _still_ours(self) -> None:
        if self.here.leases.is_lost(self.work.claimed):
            raise TurnLost(f"turn {self.work.claimed.turn_id} was stopped")
