"""The offline responder: a transport under the SDK's HTTP client that answers where no model is connected.

Owns answering by retrieval: it quotes the team's snippets and decides by shared words. It generates nothing, and the
page says so. It speaks the wire format of streamed chat completions, so everything above it is the real path.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from responder.lexical import scores, sentences, shared_turns, stems

OFFLINE_MODEL = "offline-responder"
DECISION_SHARE = 0.15  # of the think time; the rest is the reply's
CHUNKS = 24  # pieces that a reply is streamed in
BEST_SENTENCES = 3
COLLECTION = 40  # snippets that a team has at least, of which a prompt carries the few that a search found
TURN_OF_PHRASE = 0.05  # what each two words in a row of the question add to a title that has them too
GOOD_ENOUGH = 0.25  # below this score a snippet has nothing to do with the question
GREETING = re.compile(r"^\W*(hi|hello|hey|good (morning|afternoon|evening)|xin chào|hallo)\b", re.IGNORECASE)
WELCOME = "Hello! What can I help you with?"
NOTHING_FOUND = (
    "I could not find this in what I know. Could you tell me a little more? A person of the team can also help you."
)


@dataclass(frozen=True)
class _Reply:
    text: str = ""
    call: tuple[str, dict[str, Any]] | None = None


class OfflineTransport(httpx2.BaseTransport):
    """Answers POST …/chat/completions. `think_seconds` is the range that one visible reply takes."""

    def __init__(self, think_seconds: tuple[float, float] = (0.0, 0.0)) -> None:
        self._think_seconds = think_seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """A streamed completion; 404 for anything else."""
        if not request.url.path.endswith("/chat/completions"):
            return httpx2.Response(404, json={"error": {"message": "only chat completions are served offline"}})
        asked = json.loads(request.read())
        reply = reply_to(asked)
        share = DECISION_SHARE if reply.call else 1 - DECISION_SHARE
        seconds = random.uniform(*self._think_seconds) * share
        stream = _Stream(list(chunks(reply, asked)), seconds)
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)


class _Stream(httpx2.SyncByteStream):
    """Server-sent chunks, spread over the think time. Sleeping holds nothing but the thread."""

    def __init__(self, parts: list[dict[str, Any]], seconds: float) -> None:
        self._parts = parts
        self._pause = seconds / max(1, len(parts))

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if self._pause:
                time.sleep(self._pause)
            yield f"data: {json.dumps(part)}\n\n".encode()
        yield b"data: [DONE]\n\n"


def reply_to(asked: dict[str, Any]) -> _Reply:
    """The deterministic answer to a chat completion's request."""
    system = "\n".join(m["content"] for m in asked["messages"] if m["role"] == "system")
    said = [str(m["content"]) for m in asked["messages"] if m["role"] == "user"]
    tool = _demanded_tool(asked)
    if tool is not None:
        return _Reply(call=(tool["name"], _arguments(tool, system, said)))
    return _Reply(text=answer(said, knowledge(system)))


def _demanded_tool(asked: dict[str, Any]) -> dict[str, Any] | None:
    choice = asked.get("tool_choice")
    if not isinstance(choice, dict):
        return None
    name = choice["function"]["name"]
    return next((tool["function"] for tool in asked["tools"] if tool["function"]["name"] == name), None)


def _arguments(tool: dict[str, Any], system: str, said: list[str]) -> dict[str, Any]:
    newest = said[-1] if said else ""
    if tool["name"] == "route_decision":
        return {"path": decide_yes_no(between(system, "task"), said)}
    if tool["name"] == "switch_decision":
        return {"case": decide_case(between(system, "cases"), said)}
    filled: dict[str, Any] = {}
    for name, schema in tool["parameters"]["properties"].items():
        filled[name] = schema["enum"][0] if "enum" in schema else (newest[: schema.get("maxLength", 500)] or "-")
    return filled


def decide_yes_no(task: str, said: list[str]) -> str:
    """Yes if the visitor's newest words share a telling word with the question."""
    wanted = stems(task)
    newest = stems(" ".join(said[-2:]))
    return "yes" if any(word in wanted for word in newest) else "no"


def decide_case(cases: str, said: list[str]) -> str:
    """The case that shares most with the newest message, with the message before it where that says nothing."""
    listed = [line[2:].partition(": ") for line in cases.split("\n") if line.startswith("- ")]
    texts = [f"{route.replace('_', ' ')} {route.replace('_', ' ')} {when}" for route, _, when in listed]
    for words in (said[-1:], said[-3:]):
        found = scores(" ".join(words), texts)
        if found and max(found) > 0:
            return listed[found.index(max(found))][0]
    return "default"


def knowledge(system: str) -> list[tuple[int, str, str]]:
    """The numbered snippets that the prompt carries: (number, title, content)."""
    entries = re.findall(r"^\[(\d+)\] (.*?): (.*)$", between(system, "knowledge"), re.MULTILINE)
    return [(int(number), title, content) for number, title, content in entries]


def answer(said: list[str], snippets: list[tuple[int, str, str]]) -> str:
    """The best snippet's best sentences with their source, a welcome, or an honest word that nothing was found."""
    newest = said[-1] if said else ""
    if GREETING.match(newest) and not stems(GREETING.sub("", newest)):
        return WELCOME
    found = _best(newest, snippets) or (_best(" ".join(said[-3:]), snippets) if len(stems(newest)) < 3 else None)
    if found is not None:
        number, text = found
        return f"{text}\nSources: {number}"
    return NOTHING_FOUND


def _best(question: str, snippets: list[tuple[int, str, str]]) -> tuple[int, str] | None:
    words = scores(question, [f"{title} {title} {content}" for _, title, content in snippets], picked_from=COLLECTION)
    turns = (TURN_OF_PHRASE * shared_turns(question, title) for _, title, _ in snippets)
    found = [fits + more if fits else 0.0 for fits, more in zip(words, turns, strict=True)]
    if not found or max(found) < GOOD_ENOUGH:
        return None
    number, _, content = snippets[found.index(max(found))]
    parts = sentences(content)
    fits = scores(question, parts)
    best = sorted(sorted(range(len(parts)), key=lambda n: -fits[n])[:BEST_SENTENCES])
    return number, " ".join(parts[n] for n in best)


def between(system: str, name: str) -> str:
    """What stands between a block's delimiters; the last such block counts."""
    blocks = re.findall(rf"<{name}>\n(.*?)\n</{name}>", system, re.DOTALL)
    return str(blocks[-1]) if blocks else ""


def chunks(reply: _Reply, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The reply as chat.completion.chunk objects, words first, usage last."""
    if reply.call is not None:
        name, arguments = reply.call
        function = {"name": name, "arguments": json.dumps(arguments)}
        yield _chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]})
    else:
        words = re.findall(r"\S+\s*", reply.text)
        step = max(1, len(words) // CHUNKS)
        for start in range(0, len(words), step):
            yield _chunk({"role": "assistant", "content": "".join(words[start : start + step])})
    yield _chunk({}, finish="tool_calls" if reply.call else "stop")
    prompt_tokens = sum(len(str(message["content"])) for message in asked["messages"]) // 4
    counted = {"prompt_tokens": prompt_tokens, "completion_tokens": len(reply.text) // 4}
    yield _chunk(None) | {"choices": [], "usage": counted | {"total_tokens": sum(counted.values())}}


def _chunk(delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
    return {
        "id": "offline",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": OFFLINE_MODEL,
        "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}],
    }
