"""How many jobs a worker holds at once: one room for visitors' turns, another for what can wait.

Owns counting places. Only the worker's loop enters, any thread leaves. Two rooms, so that neither a storm of
deliveries takes the places of visitors nor a rush of visitors stops the deliveries for good:
tests/integration/test_turn_worker.py::test_each_purpose_has_its_room.
"""

from __future__ import annotations

import threading
from enum import Enum


class Room(Enum):
    """What a place is for."""

    TURNS = "turns"
    BACKGROUND = "background"


class Rooms:
    """The places of one worker."""

    def __init__(self, turns: int, background: int) -> None:
        self._free = {Room.TURNS: turns, Room.BACKGROUND: background}
        self._left = threading.Condition()

    def places(self, room: Room) -> int:
        """How many more jobs may enter."""
        with self._left:
            return self._free[room]

    def has_place(self, room: Room) -> bool:
        """Whether one more job may enter."""
        return self.places(room) > 0

    def enter(self, room: Room) -> None:
        """Take a place; the caller has seen that there is one, and is the only one who enters."""
        with self._left:
            assert self._free[room] > 0, f"no place in the room for {room.value}"
            self._free[room] -= 1

    def leave(self, room: Room) -> None:
        """Give the place back and wake the loop."""
        with self._left:
            self._free[room] += 1
            self._left.notify_all()

    def wait(self, room: Room, seconds: float) -> None:
        """Until the room has a place, at most so long."""
        with self._left:
            self._left.wait_for(lambda: self._free[room] > 0, seconds)
