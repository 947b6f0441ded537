"""What follows in a prompt upon a model's answer: its calls with their results, or what was wrong with it.

Owns the form of these messages. What stands in a prompt before is prompt.py's.
"""

from __future__ import annotations

from typing import Any

from responder.answer import Answer, ToolCall
from responder.tools import UNSTORABLE


def clean(text: str) -> str:
    """A model's words as they can be stored: no NUL, no lone surrogate, no white space around.

    What nobody can see, such as zero-width characters alone, are no words.
    """
    words = UNSTORABLE.sub("", text).strip()
    return words if any(one.isprintable() and not one.isspace() for one in words) else ""


def corrected(answer: Answer, told: str) -> list[dict[str, Any]]:
    """The answer as it was, cut short, and what was wrong with it."""
    said = answer.text or ", ".join(f"{call.name}({call.arguments[:200]})" for call in answer.calls) or "(nothing)"
    return [{"role": "assistant", "content": clean(said)[:1000]}, {"role": "system", "content": told}]


def calls(answer: Answer) -> dict[str, Any]:
    """The answer with its calls of tools, as the model is shown it again."""
    made = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in answer.calls
    ]
    return {"role": "assistant", "content": answer.text or None, "tool_calls": made}


def result(call: ToolCall, told: str) -> dict[str, Any]:
    """What a call came to."""
    return {"role": "tool", "tool_call_id": call.id, "content": told}
