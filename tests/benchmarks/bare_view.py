"""The least that can accept a message: a bare WSGI view with one INSERT, on the server that Tandem runs on.

Owns that baseline: no sign-in, no limits, no idempotency, no turn. `python -m … PORT`.
"""

from __future__ import annotations

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import json
import os
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from gevent.pywsgi import WSGIServer
from gevent.queue import Queue

CONNECTIONS = 20  # as many as the product's pool


def serve(port: int, url: str) -> None:
    """For ever."""
    free: Queue[Any] = Queue()
    for _ in range(CONNECTIONS):
        free.put(psycopg.connect(url, autocommit=True))
    free.queue[0].execute("CREATE TABLE IF NOT EXISTS bare (id bigserial PRIMARY KEY, content text NOT NULL)")

    def view(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer: dict[str, Any] = {}
        if environ["REQUEST_METHOD"] == "POST":
            content = json.loads(environ["wsgi.input"].read())["content"]
            connection = free.get()
            insert = "INSERT INTO bare (content) VALUES (%s) RETURNING id"
            answer = {"id": connection.execute(insert, [content], prepare=True).fetchone()[0]}
            free.put(connection)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)
    WSGIServer(listener, view, log=None).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), os.environ["DATABASE_URL"])
