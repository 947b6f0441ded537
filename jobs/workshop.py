"""The workshop of this process: judges drafts of workflows, and lets them answer a typed message.

Owns how many trials run at once. The trial itself is in jobs/trying.py, loaded at the first one: it brings the model's
SDK, which a web process needs for nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from inbox.database import single_statements
from inbox.errors import Unavailable
from inbox.sealing import Sealer
from inbox.settings import Settings
from inbox.workshop import Template, Trial, Tried
from responder.problems import problems_of
from responder.shipped import definition_of, shipped

if TYPE_CHECKING:
    from responder.model import Model

MOST_TRIALS = 4  # at once in one process: each is a person who waits, and costs what a turn costs


class LocalWorkshop:
    """Implements inbox.workshop.Workshop."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._model: Model | None = None
        self._guard = threading.Lock()
        self._free = threading.BoundedSemaphore(MOST_TRIALS)

    def problems(self, project_id: int, definition: Any) -> list[dict[str, Any]]:
        """Every problem of the draft; empty if it may be saved."""
        from jobs import toolbox

        with single_statements(self._engine).connect() as connection:
            own = toolbox.names(connection, project_id)
        return [problem.as_json() for problem in problems_of(definition, own)]

    def try_out(self, trial: Trial) -> Tried:
        """Let the draft answer, landing nothing. Raises Unavailable while MOST_TRIALS run."""
        from jobs import trying

        if not self._free.acquire(blocking=False):
            raise Unavailable("Too many trials run at once. Try again in a moment.")
        try:
            return trying.try_out(self._engine, self._opened(), trial, Sealer(str(self._settings.secret_key)))
        finally:
            self._free.release()

    def templates(self) -> Sequence[Template]:
        """The workflows that come with Tandem."""
        return [Template(one.name, one.title, one.about) for one in shipped()]

    def template(self, name: str) -> Mapping[str, Any] | None:
        """The definition of one of them, or None."""
        return definition_of(name)

    def _opened(self) -> Model:
        from responder.model import Model

        with self._guard:
            self._model = self._model or Model.from_settings(self._settings)
            return self._model
