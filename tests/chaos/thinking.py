"""What the fake model answers while everything around it dies.

Owns its choices. A reply holds the question's own words, so that an answer to another question is seen.
"""

from __future__ import annotations

import random
import threading
from typing import Any

from inbox.conversation import PRIORITIES
from tests.chaos import people
from tests.model_server import Asked, call

THINK_SECONDS = (0.02, 2.0)  # of one call; a turn makes one to four


class Thinking:
    """The model: takes its time, decides, now and then uses a tool, and answers with the question's own words."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, asked: Asked) -> None:
        """Answer one request."""
        if self._chance.random() < 0.02:
            asked.begin("application/json", 500)
            return
        threading.Event().wait(self._chance.uniform(*THINK_SECONDS))
        if asked.demanded:
            asked.stream(call(asked.demanded, {"path": self._chance.choice(["yes", "no"])}))
        elif asked.body.get("tools") and asked.body["messages"][-1]["role"] != "tool" and self._chance.random() < 0.3:
            asked.stream(self._wish())
        else:
            question = next(m["content"] for m in reversed(asked.body["messages"]) if m["role"] == "user")
            asked.stream({"role": "assistant", "content": "You asked: "}, {"content": question})

    def _wish(self) -> dict[str, Any]:
        arguments: dict[str, dict[str, Any]] = {
            "set_status": {"status": self._chance.choice(["open", "pending", "solved"])},
            "set_priority": {"priority": self._chance.choice(PRIORITIES)},
            "add_label": {"label": self._chance.choice(people.LABELS)},
            "add_note": {"content": "The visitor waits for a parcel."},
            "hand_off": {"reason": "The visitor asks for a person."},
        }
        tool = self._chance.choice(["set_status", "set_status", "set_priority", "add_label", "add_note", "hand_off"])
        return call(tool, arguments[tool])
