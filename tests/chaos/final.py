"""What the API shows of a conversation once everything has come to rest.

Owns reading it, and waiting for the rest: no turn may wait for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.calling import Api
from tests.chaos.history import History, Json, Place

LIVE = ("queued", "thinking")
REST_SECONDS = 120.0  # longer than the last attempt's backoff
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Final:
    """One conversation at rest."""

    conversation: Json
    messages: list[Json]
    timeline: list[Json]
    turns: list[Json]
    drafts: list[Json]


def settle(api: Api, places: Sequence[Place], history: History) -> None:
    """Wait until no turn is live; a turn that waits on is written down as wrong."""
    waiting = list(places)
    until = time.monotonic() + REST_SECONDS
    while waiting:
        live = [(place, turn) for place in waiting if (turn := _newest_turn(api, place)) and turn["status"] in LIVE]
        waiting = [place for place, _ in live]
        if waiting and time.monotonic() > until:
            history.wrong.extend(f"turn waits for ever: {turn}" for _, turn in live)
            return
        if waiting:
            threading.Event().wait(LOOK_SECONDS)


def read(api: Api, place: Place) -> Final:
    """Everything that agents can see of a conversation."""
    path, token = f"/conversations/{place.conversation_id}", place.house.token
    return Final(
        conversation=api.read(path, token),
        messages=api.read_all(f"{path}/messages", token),
        timeline=api.read_all(f"{path}/timeline", token),
        turns=api.read_all(f"{path}/turns", token, by="cursor"),
        drafts=api.read_all(f"{path}/drafts", token, by="cursor"),
    )


def _newest_turn(api: Api, place: Place) -> Json | None:
    items = api.read(f"/conversations/{place.conversation_id}/turns?limit=1", place.house.token)["items"]
    return items[0] if items else None
