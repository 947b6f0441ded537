"""Whether the database answers and takes what is written, for whoever asks often and cannot wait: a balancer.

One that is only read (another took over from it, or its host stopped it, its disk full) takes no visitor's message, and
counts as away here as everywhere: inbox/database.py. It is asked, and nothing is written to know it.

Owns how long is waited. At most one question is under way, so that a silent database is not asked by more and more.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, TimeoutError

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from inbox.database import single_statements

log = logging.getLogger(__name__)

WAIT_SECONDS = 1.5  # with a silent Redis beside it the answer still comes within three
ASK = text("SELECT current_setting('transaction_read_only') = 'off'")


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
                takes = bool(connection.execute(ASK).scalar_one())
                if not takes:
                    log.warning("The database is read-only: it takes nothing, and Tandem is not ready.")
                    connection.invalidate()  # the next one may lead to the server that took over
            asked.set_result(takes)
        except SQLAlchemyError:
            asked.set_result(False)
        except BaseException:  # whatever it was: nobody may wait for this question for ever
            asked.set_result(False)
            raise
