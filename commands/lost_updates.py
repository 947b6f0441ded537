"""Whether anything that a person set was undone: a ledger of acknowledged writes, checked at the end.

Owns the comparison. It knows only what programs outside know: the answers to its own requests.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REOPENED = ("solved", "snoozed")


@dataclass
class Ledger:
    """The newest acknowledged value of each column of each conversation, by version."""

    _newest: dict[tuple[int, str], tuple[int, Any]] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def acknowledged(self, conversation: Mapping[str, Any], columns: Sequence[str]) -> None:
        """A write of these columns was answered with this conversation."""
        with self._guard:
            for column in columns:
                key = (conversation["id"], column)
                known = self._newest.get(key)
                if known is None or known[0] <= conversation["version"]:
                    self._newest[key] = (conversation["version"], conversation[column])

    def lost(self, conversation: Mapping[str, Any], timeline: Sequence[Mapping[str, Any]]) -> list[str]:
        """The columns of this conversation that do not hold what a person set last."""
        lost = []
        for (conversation_id, column), (version, value) in self._newest.items():
            if conversation_id != conversation["id"] or conversation[column] == value:
                continue
            if column == "status" and value in REOPENED and _reopened_after(version, timeline):
                continue
            lost.append(column)
        return lost


def _reopened_after(version: int, timeline: Sequence[Mapping[str, Any]]) -> bool:
    """A visitor's message reopens a solved conversation: that is the product's rule, no lost update."""
    return any(entry["kind"] == "reopened" and entry["version"] > version for entry in timeline)
