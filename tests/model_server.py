"""A model that speaks HTTP: chat completions, streamed, with tools. It can be held, scripted, and made to misbehave.

Owns the fake of the outside. The openai SDK's real path runs against it.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIMIT_SECONDS = 60
Script = Callable[["Asked"], None]


class Asked:
    """One request: what was asked, and the means to answer it."""

    def __init__(self, body: dict[str, Any], handler: BaseHTTPRequestHandler) -> None:
        self.body = body
        self.handler = handler

    @property
    def demanded(self) -> str | None:
        """The tool that must be called, or None."""
        choice = self.body.get("tool_choice")
        return str(choice["function"]["name"]) if isinstance(choice, dict) else None

    @property
    def text(self) -> str:
        """Everything that the model was sent."""
        return json.dumps(self.body, ensure_ascii=False)

    def stream(self, *deltas: dict[str, Any]) -> None:
        """Answer with these deltas as a well-formed stream."""
        self.begin()
        for delta in deltas:
            self.send(chunk(delta))
        self.send(chunk({}, finish="stop"))
        self.send(
            {**chunk({}), "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}}
        )
        self.raw(b"data: [DONE]\n\n")

    def begin(self, content_type: str = "text/event-stream", status: int = 200, **headers: str) -> None:
        """Send the head of an answer."""
        self.handler.send_response(status)
        self.handler.send_header("Content-Type", content_type)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()

    def send(self, data: dict[str, Any]) -> None:
        """Send one event."""
        self.raw(f"data: {json.dumps(data)}\n\n".encode())

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.handler.wfile.write(data)
        self.handler.wfile.flush()


class _Quiet(ThreadingHTTPServer):
    """A client that hangs up on a huge or slow answer is what some tests want."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is printed."""


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    """A chat.completion.chunk."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "fake", "choices": [choice]}


def call(name: str, arguments: dict[str, Any] | str) -> dict[str, Any]:
    """A delta that calls a tool."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    function = {"name": name, "arguments": written}
    return {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}


def says(text: str) -> Script:
    """A script that answers in words."""
    return lambda asked: asked.stream({"role": "assistant", "content": text})


def calls(name: str, arguments: dict[str, Any] | str) -> Script:
    """A script that calls a tool."""
    return lambda asked: asked.stream(call(name, arguments))


def sensible(asked: Asked) -> None:
    """Decide yes or default, call what is demanded, and otherwise speak."""
    decisions: dict[str, dict[str, Any]] = {"route_decision": {"path": "yes"}, "switch_decision": {"case": "default"}}
    if asked.demanded in decisions:
        asked.stream(call(asked.demanded, decisions[asked.demanded]))
    elif asked.demanded:
        asked.stream(call(asked.demanded, {}))
    else:
        asked.stream({"role": "assistant", "content": "Your parcel "}, {"content": "is on its way."})


class ModelServer:
    """Use it in a with statement. `url` is the OPENAI_BASE_URL."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.scripts: deque[Script] = deque()
        self.default: Script = sensible
        self._free = threading.Event()
        self._free.set()
        self._arrived = threading.Condition()
        self._over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server._take(Asked(body, self))

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    def __enter__(self) -> ModelServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._free.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def script(self, *scripts: Script) -> None:
        """Answer the next requests so, one each; then as `default`."""
        self.scripts.extend(scripts)

    def hold(self) -> None:
        """Answer nothing until `release`."""
        self._free.clear()

    def release(self) -> None:
        """Answer what waits, and everything from now on."""
        self._free.set()

    def wait_until_asked(self, times: int = 1) -> Asked:
        """Wait until so many requests have come; returns the last of them."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.asked) >= times, LIMIT_SECONDS):
                raise TimeoutError(f"The model was asked {len(self.asked)} times, not {times}.")
        return self.asked[times - 1]

    def _take(self, asked: Asked) -> None:
        with self._arrived:
            self.asked.append(asked)
            script = self.scripts.popleft() if self.scripts else self.default
            self._arrived.notify_all()
        self._free.wait(LIMIT_SECONDS)
        if not self._over.is_set():
            script(asked)

    def misbehaviours(self) -> Iterator[tuple[str, Script]]:
        """Ten ways to fail, by name."""
        yield "hangs", lambda asked: void(self._over.wait(LIMIT_SECONDS))
        yield "cuts the stream", self._cut
        yield "rate limit", lambda asked: asked.begin("application/json", 429, Retry_After="0")
        yield "server error", lambda asked: asked.begin("application/json", 500)
        yield "malformed tool JSON", calls("route_decision", '{"path": ')
        yield "wrong tool", calls("delete_everything", {})
        yield "empty", lambda asked: asked.stream()
        yield "huge", lambda asked: asked.stream(*({"content": "blah " * 1000} for _ in range(200)))
        yield "slow drip", self._drip
        yield "wrong content type", self._page

    @staticmethod
    def _cut(asked: Asked) -> None:
        asked.begin()
        asked.send(chunk({"content": "Your par"}))

    @staticmethod
    def _page(asked: Asked) -> None:
        asked.begin("text/html")
        asked.raw(b"<html>hello</html>")

    def _drip(self, asked: Asked) -> None:
        asked.begin()
        while not self._over.wait(0.05):
            asked.send(chunk({"content": "."}))


def void(_value: object) -> None:
    """Throw a value away."""
