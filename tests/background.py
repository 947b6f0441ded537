"""Threads for tests whose failure is not silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

LIMIT_SECONDS = 60  # a thread that hangs is a failure with a name, not a hung run


class Background:
    """A function running in a thread. `result()` waits for it and returns or raises what it did."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._function = function
        self._arguments = arguments
        self._value: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._function(*self._arguments)
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        """What the function returned; raises what it raised, TimeoutError if it hangs."""
        self._thread.join(LIMIT_SECONDS)
        if self._thread.is_alive():
            raise TimeoutError(f"{self._function} still runs after {LIMIT_SECONDS} s")
        if self._error is not None:
            raise self._error
        return self._value
