"""A port at which a test takes connections, each in a thread of its own.

Owns listening. What becomes of a connection is for whoever stands at the door.
"""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from typing import Self


class Door(ABC):
    """Use it in a with statement; it listens from the beginning, at `port`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @abstractmethod
    def take(self, client: socket.socket) -> None:
        """One that has come."""

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            threading.Thread(target=self.take, args=(client,), daemon=True).start()
