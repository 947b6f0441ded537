"""A server that a project's tool may call, on this machine, and a network on which a name leads to it.

Owns the fake of the outside. The product's own door (responder/public_network.py) stays in the way: only the tests'
resolver and judgement are other ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from responder.public_network import Network

HOST = "api.example.com"


@dataclass(frozen=True)
class Came:
    """One request as it came. `headers` have lower-case names."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def arguments(self) -> Any:
        """The JSON body."""
        return json.loads(self.body)


Answering = Callable[["Came", BaseHTTPRequestHandler], None]


def says(text: str, status: int = 200, **headers: str) -> Answering:
    """An answer in words."""

    def answer(_came: Came, handler: BaseHTTPRequestHandler) -> None:
        body = text.encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


class ToolServer:
    """Use it in a with statement. `answering` is called for every request."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        self.answering: Answering = says("It left today.")
        self.over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                came = Came(self.command, self.path, headers, body)
                server.came.append(came)
                server.answering(came, self)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Nothing is logged."""

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is what some tests want."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True

    def __enter__(self) -> ToolServer:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    def url(self, path: str = "/orders") -> str:
        """Its address by a public name."""
        return f"http://{HOST}:{self._http.server_address[1]}{path}"

    @property
    def network(self) -> Network:
        """Every name leads here, and here may be called."""
        return Network(lambda host, port: ["127.0.0.1"], lambda address: address == "127.0.0.1")
