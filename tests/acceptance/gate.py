"""A gate in front of the product, for walks on a bad line: requests are refused, lost, held or answered with an error.

It stands outside the browser: nothing of a walk is called while its page comes or goes, where nobody waits for it.
Owns what becomes of a request. Each has a connection of its own here, so that no browser repeats one by itself.
"""

from __future__ import annotations

import re
import select
import socket
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

from tests.door import Door
from tests.product import wait_for

# Hung up on; carried out, and hung up on instead of answered; left without an answer; or the status of an answer.
Fate = Literal["refused", "lost", "held"] | int
HEARING = r"GET \S*/events\b"  # what keeps a page live
MOST_BYTES = 1 << 16
END_OF_HEAD = b"\r\n\r\n"


class Gate(Door):
    """Use it in a with statement; `url` is the product's address through it. `met` are the heads that a fate met."""

    def __init__(self, home: str) -> None:
        super().__init__()
        parts = urlsplit(home)
        self._home = (parts.hostname or "", parts.port or 80)
        self.url = f"http://127.0.0.1:{self.port}"
        self.met: list[str] = []
        self._shut: tuple[re.Pattern[str], Fate] | None = None

    def shut(self, requests: str, fate: Fate) -> None:
        """From now on that becomes of the requests whose method and path begin so (a regular expression)."""
        self.met = []
        self._shut = (re.compile(requests), fate)

    def open(self) -> None:
        """What comes from now on passes."""
        self._shut = None

    def wait_until_met(self) -> None:
        """Wait until a request has met its fate."""
        wait_for("a request at the gate", lambda: bool(self.met))

    def take(self, client: socket.socket) -> None:
        """What becomes of a request."""
        with client, suppress(ConnectionError):
            sent = b""
            while END_OF_HEAD not in sent:
                data = client.recv(MOST_BYTES)
                if not data:
                    return
                sent += data
            fate = self._fate(sent.partition(END_OF_HEAD)[0].decode("latin-1"))
            if fate == "held":
                client.recv(MOST_BYTES)  # until it hangs up
            elif isinstance(fate, int):
                self._answer(client, fate)
            elif fate != "refused":
                self._pass_on(client, sent.replace(b"\r\nConnection: keep-alive", b"\r\nConnection: close", 1), fate)

    def _fate(self, head: str) -> Fate | None:
        shut = self._shut
        if shut is None or not shut[0].match(head):
            return None
        self.met.append(head)
        return shut[1]

    def _answer(self, client: socket.socket, status: int) -> None:
        client.sendall(f"HTTP/1.1 {status} \r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        while client.recv(MOST_BYTES):  # what is not read when it is closed would take the answer back
            pass

    def _pass_on(self, client: socket.socket, sent: bytes, fate: Fate | None) -> None:
        with socket.create_connection(self._home) as server:
            server.sendall(sent)
            while True:
                for readable in select.select([client, server], [], [])[0]:
                    data = readable.recv(MOST_BYTES)
                    if not data or (fate == "lost" and readable is server):
                        return
                    (server if readable is client else client).sendall(data)
