"""A TCP proxy in front of PostgreSQL that loses the answer to one statement.

Owns the cut: the statement has reached the server, its answer does not reach the client. Knows of the protocol only
where a message begins and that a ReadyForQuery ends an answer.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from tests.door import Door

Cut = Literal["after the answer", "at once"]
BIND = b"B"
READY = b"Z\x00\x00\x00\x05"  # and one byte: idle, or inside a transaction
LIMIT_SECONDS = 60.0
MOST_BYTES = 1 << 16


class Proxy(Door):
    """Use it in a with statement; `url` is the database's address through it.

    `arm` loses the answer to the next statement that is carried out; `cuts` counts how often that has happened.
    """

    def __init__(self, database_url: str) -> None:
        super().__init__()
        parts = urlsplit(database_url)
        named = parse_qs(parts.query)
        self._socket_path = str(Path(named["host"][0]) / f".s.PGSQL.{named['port'][0]}")
        self.url = f"postgresql://{parts.username}@127.0.0.1:{self.port}{parts.path}?sslmode=disable&gssencmode=disable"
        self.cuts = 0
        self._armed: tuple[Cut, Callable[[bytes], bool]] | None = None
        self._guard = threading.Lock()

    def arm(self, cut: Cut, statement: Callable[[bytes], bool] = lambda sent: sent.startswith(BIND)) -> None:
        """Lose the answer to the next statement of that kind: once the server has given it, or without waiting."""
        with self._guard:
            self._armed = (cut, statement)

    def take(self, client: socket.socket) -> None:
        """Pass it on to the server."""
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._socket_path)
            while True:
                for readable in select.select([client, server], [], [])[0]:
                    try:
                        data = readable.recv(MOST_BYTES)
                    except OSError:
                        return
                    if not data:
                        return
                    cut = self._takes(data) if readable is client else None
                    (server if readable is client else client).sendall(data)
                    if cut is not None:
                        self._lose(server, cut)
                        return

    def _takes(self, sent: bytes) -> Cut | None:
        with self._guard:
            if self._armed is None or not self._armed[1](sent):
                return None
            cut, self._armed = self._armed[0], None
            self.cuts += 1
            return cut

    def _lose(self, server: socket.socket, cut: Cut) -> None:
        """Let the server finish, or not even that, and hang up on both."""
        answer = b""
        server.settimeout(LIMIT_SECONDS)
        while cut == "after the answer" and READY not in answer[-6:]:
            answer += server.recv(MOST_BYTES)
