"""Work that comes while the same kind is under way waits a moment, and is done together with what else comes meanwhile.

Owns who goes with whom. A statement for several costs the server little more than one for one, so the more come at
once, the less each costs; whoever comes alone waits for nobody. PostgreSQL gathers commits for one flush in this way,
and flat combining (Hendler, Incze, Shavit and Tzafrir, 2010) what several do to one structure. Must not know what the
work is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class _Heard(Generic[B]):
    """What somebody hears who waits: it was done for them, it failed, or else it is their turn to begin."""

    done: B | None = None
    failed: BaseException | None = None
    begins: bool = False


class _Place(Generic[A, B]):
    """Somebody's in the line."""

    __slots__ = ("heard", "wanted")

    def __init__(self, wanted: A) -> None:
        self.wanted = wanted
        self.heard: SimpleQueue[_Heard[B]] = SimpleQueue()


class Gathering(Generic[A, B]):
    """One is at it, and the others wait; the first of them then goes with all who have come until then.

    Works with threads and with greenlets alike: tests/unit/inbox/test_gathering.py
    """

    def __init__(self, together: Callable[[Sequence[A]], Sequence[B | None]], *, most: int, seconds: float) -> None:
        """`together` does up to `most` at once and gives None for what has to be done alone. Nobody waits longer than
        these seconds for others to begin.
        """
        self._together = together
        self._most = most
        self._seconds = seconds
        self._lock = Lock()
        self._waiting: list[_Place[A, B]] = []
        self._first: _Place[A, B] | None = None  # who is at it, since when
        self._since = 0.0

    def take(self, wanted: A, alone: Callable[[], B]) -> B:
        """What comes of it, done with others or `alone`. Raises what either raises."""
        place: _Place[A, B] = _Place(wanted)
        heard = self._line_up(place)
        if heard.failed is not None:
            raise heard.failed
        done = self._begin(place, alone) if heard.begins else heard.done
        return alone() if done is None else done

    def _line_up(self, place: _Place[A, B]) -> _Heard[B]:
        with self._lock:
            if self._first is None or time.monotonic() - self._since > self._seconds:
                self._comes_first(place)
                return _Heard(begins=True)
            self._waiting.append(place)
        try:
            return place.heard.get(timeout=self._seconds)
        except Empty:
            pass
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
                self._comes_first(place)
                return _Heard(begins=True)
        return place.heard.get()  # it is under way

    def _begin(self, place: _Place[A, B], alone: Callable[[], B]) -> B | None:
        with self._lock:
            others, self._waiting = self._waiting[: self._most - 1], self._waiting[self._most - 1 :]
        try:
            return self._for_all(place, others) if others else alone()
        finally:
            self._hand_on(place)

    def _for_all(self, place: _Place[A, B], others: Sequence[_Place[A, B]]) -> B | None:
        try:
            mine, *theirs = self._together([place.wanted, *(other.wanted for other in others)])
        except BaseException as error:
            for other in others:
                other.heard.put(_Heard(failed=error))
            raise
        for other, done in zip(others, theirs, strict=True):
            other.heard.put(_Heard(done))
        return mine

    def _hand_on(self, place: _Place[A, B]) -> None:
        with self._lock:
            if self._first is not place:  # who has waited too long did not wait for that
                return
            self._first = None
            if self._waiting:
                following = self._waiting.pop(0)
                self._comes_first(following)
                following.heard.put(_Heard(begins=True))

    def _comes_first(self, place: _Place[A, B]) -> None:
        self._first, self._since = place, time.monotonic()
