"""The workshop of this process: judges drafts of workflows and tools, and lets them answer.

Owns how many trials run at once. The trial itself is in jobs/trying.py, loaded at the first one: it brings the model's
SDK, which a web process needs for nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from inbox.database import single_statements
from inbox.errors import NotFound, Unavailable
from inbox.sealing import Sealer
from inbox.settings import Settings
from inbox.workshop import Problem, Template, ToolTried, Trial, Tried
from responder.problems import problems_of
from responder.shipped import definition_of, shipped

if TYPE_CHECKING:
    from responder.model import Model
    from responder.public_network import Network

MOST_TRIALS = 4  # at once in one process: each is a person who waits, and costs what a turn costs


class LocalWorkshop:
    """Implements inbox.workshop.Workshop."""

    def __init__(self, engine: Engine, settings: Settings, network: Network | None = None) -> None:
        self._engine = engine
        self._settings = settings
        self._network = network
        self._model: Model | None = None
        self._guard = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_TRIALS)

    def problems(self, project_id: int, definition: Any) -> Sequence[Problem]:
        """Every problem of the draft; empty if it may be saved."""
        from jobs import toolbox

        with single_statements(self._engine).connect() as connection:
            own = toolbox.names(connection, project_id)
        return problems_of(definition, own)

    def try_out(self, trial: Trial) -> Tried:
        """Let the draft answer, landing nothing. Raises Unavailable while MOST_TRIALS run."""
        from jobs import trying

        with self._room():
            return trying.try_out(self._engine, self._opened(), trial, self._sealer(), self._reached())

    def tool_faults(self, given: Mapping[str, Any], hosts: Collection[str]) -> Mapping[str, str]:
        """What is wrong with a tool's fields, by field."""
        from responder.tool_faults import faults_of

        return faults_of(given, hosts)

    def tool_host(self, given: str, known: Collection[str]) -> tuple[str, str | None]:
        """A host as it is compared, and what is wrong with it."""
        from responder.tool_faults import hosts_of

        found, fault = hosts_of([given])
        if fault is None:
            fault = hosts_of([*known, given])[1]
        return (found[0] if found else given), fault

    def is_barred(self, host: str) -> bool:
        """Whether nothing is ever called there; of most names only a call can tell."""
        return self._reached().bars(host)

    def try_tool(self, project_id: int, name: str, arguments: Mapping[str, Any]) -> ToolTried:
        """One call, as a turn's. Raises NotFound, Invalid, and Unavailable while MOST_TRIALS run."""
        from jobs import toolbox, trying

        with single_statements(self._engine).connect() as connection:
            box = toolbox.read(connection, project_id, {"project": project_id})
        if name not in box.tools:
            raise NotFound
        with self._room():
            box = replace(box, sealer=self._sealer(), network=self._reached())
            return trying.try_tool(box, name, arguments)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Room for one trial. Raises Unavailable where there is none."""
        if not self._free.acquire(blocking=False):
            raise Unavailable("Too many trials run at once. Try again in a moment.")
        try:
            yield
        finally:
            self._free.release()

    def templates(self) -> Sequence[Template]:
        """The workflows that come with Tandem."""
        return [Template(one.name, one.title, one.about) for one in shipped()]

    def template(self, name: str) -> Mapping[str, Any] | None:
        """The definition of one of them, or None."""
        return definition_of(name)

    def _reached(self) -> Network:
        from responder.public_network import Network

        return self._network or Network.reaching(self._settings.private_networks)

    def _sealer(self) -> Sealer:
        return Sealer(str(self._settings.secret_key))

    def _opened(self) -> Model:
        from jobs.breaker import SharedBreaker
        from responder.model import Model

        with self._guard:
            if self._model is None:
                breaker = SharedBreaker.at(str(self._settings.redis_url))
                self._model = Model.from_settings(self._settings, breaker)
            return self._model
