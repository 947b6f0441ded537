"""What became of everything that was played: how each message ended, how long it took, which updates were lost.

Owns the counting, of what the API tells afterwards and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from commands.playing import LIVE, Played, Stage


def count(stage: Stage, played: Played) -> int:
    """Read every conversation once more: how each message ended, how long it took; returns the lost updates."""
    lost = 0
    for conversation_id in played.conversations:
        path = f"/conversations/{conversation_id}"
        timeline = list(_all(stage, f"{path}/timeline"))
        messages = list(_all(stage, f"{path}/messages"))
        turns = stage.look(f"{path}/turns?limit=200")["items"]
        conversation = stage.look(path)
        lost += len(played.ledger.lost(conversation, timeline))
        _count_messages(played, conversation, messages, turns)
    return lost


def _count_messages(
    played: Played, conversation: dict[str, Any], messages: list[dict[str, Any]], turns: list[dict[str, Any]]
) -> None:
    posted = {message["id"]: message for message in messages}
    ended = {question: turn for turn in reversed(turns) for question in turn["answers"]}
    live = any(turn["status"] in LIVE for turn in turns)
    for message in messages:
        if message["author"] != "visitor":
            continue
        turn = ended.get(message["id"])
        played.ends[_end(turn, live, conversation)] += 1
        if turn is not None and turn["status"] == "landed" and turn["message_id"] in posted:
            took = _at(posted[turn["message_id"]]) - _at(message)
            played.latencies_ms.append(took.total_seconds() * 1000)


def _end(turn: dict[str, Any] | None, live: bool, conversation: dict[str, Any]) -> str:
    """How a message ended. What no turn answers is with people, or waits where the responder has the conversation."""
    if turn is not None and turn["status"] in {"landed", "parked", "handed_off", "failed"}:
        return "answered" if turn["status"] == "landed" else str(turn["status"])
    if turn is not None and turn["status"] in {"cancelled", "superseded"}:
        return "handed_off"
    return "waiting" if live or (conversation["responder_state"] == "active" and turn is not None) else "handed_off"


def _all(stage: Stage, path: str) -> Iterator[dict[str, Any]]:
    after: str | None = "0"
    while after is not None:
        page = stage.look(f"{path}?limit=200&after={after}")
        yield from page["items"]
        after = page["next_cursor"]


def _at(message: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(message["created_at"])


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """p50, p95 and p99 in milliseconds; null where nothing was measured."""
    ordered = sorted(values)

    def at(share: float) -> float | None:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99)}
