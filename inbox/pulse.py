"""Whether the database answers, for whoever asks often and cannot wait: a balancer.

Owns how long is waited. At most one question is under way, so that a silent database is not asked by more and more.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, TimeoutError

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from inbox.database import single_statements

WAIT_SECONDS = 1.5  # with a silent Redis beside it the answer still comes within three
ASK = text("SELECT 1")


class Pulse:
    """One for the process. Works with threads and with greenlets alike."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._asked: Future[bool] | None = None

    def beats(self) -> bool:
        """Whether it answers now, or before long. A question from before that is not answered yet is waited for."""
        with self._guard:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=self._ask, args=(self._asked,), name="pulse", daemon=True).start()
            asked = self._asked
        try:
            return asked.result(WAIT_SECONDS)
        except TimeoutError:
            return False

    def _ask(self, asked: Future[bool]) -> None:
        try:
            with single_statements(self._engine).connect() as connection:
                connection.execute(ASK)
            asked.set_result(True)
        except SQLAlchemyError:
            asked.set_result(False)
        except BaseException:  # whatever it was: nobody may wait for this question for ever
            asked.set_result(False)
            raise
