"""Clients of the event streams, who lose their connection often and come back with the last id that they have.

Owns reading. Only whole events count as seen.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence

import httpx2

from tests.chaos.history import Event, History, Seen

AGAIN_SECONDS = 0.2
SILENCE_SECONDS = 3.0  # then the client suspects its connection and makes a new one
MOST_EVENTS = 60  # of one connection, before the client leaves by itself
TIMES = httpx2.Timeout(5, read=SILENCE_SECONDS)


def follow(
    urls: Sequence[str],
    token: str,
    seen: Seen,
    history: History,
    chance: random.Random,
    over: threading.Event,
) -> None:
    """Read from the oldest event on, over as many connections as it takes, each to any of the addresses, until it is
    over.
    """
    last = "0"
    with httpx2.Client(timeout=TIMES) as client:
        while not over.is_set():
            room = chance.randint(1, MOST_EVENTS)
            headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": last}
            seen.connections += 1
            try:
                with client.stream("GET", chance.choice(urls), headers=headers) as response:
                    if response.status_code != 200:
                        if response.status_code != 503:
                            history.wrong.append(f"{seen.name}: {response.status_code} for Last-Event-ID {last}")
                            return
                        raise httpx2.TransportError("unavailable")
                    for event in _events(response.iter_bytes()):
                        if event.name == "reset":
                            history.wrong.append(f"{seen.name}: reset after {last}")
                            return
                        seen.events.append(event)
                        last = event.id
                        room -= 1
                        if room <= 0:
                            break
            except httpx2.HTTPError:
                threading.Event().wait(AGAIN_SECONDS)


def _events(pieces: Iterator[bytes]) -> Iterator[Event]:
    rest = b""
    for piece in pieces:
        *blocks, rest = (rest + piece).split(b"\n\n")
        for block in blocks:
            lines = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if lines:
                yield Event(lines.get("id", ""), lines["event"], json.loads(lines["data"]))
