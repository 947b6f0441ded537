"""Putting a streamed chat completion together, whatever its server sends.

Owns the pieces of one answer. Must not wait for anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from responder.answer import ToolCall

MOST_TOKENS = 10_000_000  # that a server may claim for one call; sums of it are still numbers that can be stored
LONGEST_NAME = 200  # characters of the model's name as the server says it
MOST_CHARACTERS = 40_000  # of text and of arguments; what comes after is not read


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Collected:
    """What has been received so far."""

    text: str = ""
    began: bool = False
    finished: bool = False
    model: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    _size: int = 0
    _calls: dict[int, _Call] = field(default_factory=dict)

    @property
    def is_huge(self) -> bool:
        """Whether enough has come to stop reading."""
        return self._size > MOST_CHARACTERS

    def add(self, chunk: Any) -> bool:
        """Take one chunk in; True if it brought words or a call."""
        name = getattr(chunk, "model", None)
        if isinstance(name, str) and name.isprintable():
            self.model = name[:LONGEST_NAME] or self.model
        usage = getattr(chunk, "usage", None)
        if usage is not None:
            self.prompt_tokens = _counted(usage.prompt_tokens)
            self.completion_tokens = _counted(usage.completion_tokens)
        choices = getattr(chunk, "choices", None) or []
        if not choices:
            return False
        self.began = True
        self.finished = self.finished or choices[0].finish_reason is not None
        delta = choices[0].delta
        if delta is None:
            return False
        before = self._size
        if isinstance(delta.content, str):
            self.text += delta.content
            self._size += len(delta.content)
        for part in delta.tool_calls or []:
            self._add_call(part)
        return self._size > before

    def _add_call(self, part: Any) -> None:
        call = self._calls.setdefault(int(part.index or 0), _Call())
        call.id = part.id if isinstance(part.id, str) and part.id else call.id
        if part.function is not None:
            call.name += part.function.name or ""
            call.arguments += part.function.arguments or ""
            self._size += len(part.function.arguments or "") + len(part.function.name or "")

    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls, in the order in which the model began them."""
        ordered = [self._calls[index] for index in sorted(self._calls)]
        return tuple(ToolCall(call.id or f"call_{n}", call.name, call.arguments) for n, call in enumerate(ordered))


def _counted(tokens: Any) -> int:
    return min(MOST_TOKENS, max(0, tokens)) if isinstance(tokens, int) else 0
