"""Event streams as the web process writes them: over sockets, with nothing that runs while they are quiet."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from sqlalchemy import Engine, text

from inbox.listener import CLIENT_FRAMES
from inbox.settings import Settings
from tests.integration.callers import Caller, House
from tests.product import ROOT, free_port, wait_for

SECONDS = 60  # a stream that says nothing for so long says nothing
# Nothing is written to quiet streams, so no beat finds out what a test says is noticed by itself.
WITHOUT_BEATS = """
from gevent import monkey
monkey.patch_all()
from commands import web
from inbox import audience
audience.BEAT_SECONDS = 3600.0
web.main()
"""
TOO_MANY = 3 * CLIENT_FRAMES  # more than may wait for a client, and far more than the kernel takes
AT_ONCE = CLIENT_FRAMES // 2  # of which a client that reads misses nothing, however slow the machine is
MANY = text(
    """
INSERT INTO change (project_id, conversation_id, version, body)
SELECT :project, :conversation, 1, jsonb_build_object('conversation', NULL, 'turns', '[]'::jsonb, 'drafts', '[]'::jsonb,
    'entries', '[]'::jsonb, 'messages', jsonb_build_array(CAST(:message AS jsonb) || jsonb_build_object('id', n)))
FROM generate_series(1, :number) AS n
"""
)
MESSAGE = {
    "author": "agent", "author_id": 1, "author_name": "x", "content": "x" * 1000, "private": False, "turn_id": None,
    "sent_by": None, "details": {}, "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


class Web:
    """A running web process."""

    def __init__(self, settings: Settings) -> None:
        self.port = free_port()
        environment = {
            "PYTHONPATH": str(ROOT), "DATABASE_URL": str(settings.database_url), "REDIS_URL": str(settings.redis_url),
            "SECRET_KEY": str(settings.secret_key), "TANDEM_DATA": str(settings.data), "TANDEM_PORT": str(self.port),
        }  # fmt: skip
        self.process = subprocess.Popen([sys.executable, "-c", WITHOUT_BEATS], cwd=ROOT, env=environment)

    def text(self, path: str) -> str:
        """A page; empty while nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            connection.close()

    def listening(self) -> int:
        """How many streams are open, as the process itself says."""
        found = re.search(r"^tandem_event_streams (\d+)", self.text("/metrics"), re.MULTILINE)
        assert found is not None
        return int(found[1])

    @contextmanager
    def stream(self, caller: Caller, last: str = "", kernel_bytes: int = 0) -> Iterator[tuple[BinaryIO, str]]:
        """An open stream behind its head, and the head."""
        with socket.socket() as client:
            client.settimeout(SECONDS)
            if kernel_bytes:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kernel_bytes)
            client.connect(("127.0.0.1", self.port))
            lines = [
                "GET /api/v1/events HTTP/1.1", "Host: x", f"Authorization: Bearer {caller.token}",
                *([f"Last-Event-ID: {last}"] if last else []),
            ]  # fmt: skip
            client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
            with client.makefile("rb") as reader:
                head = b"".join(iter(reader.readline, b"\r\n")).decode()
                assert reader.readline() + reader.readline() == b": welcome\n\n"
                yield reader, head


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    running = Web(settings)
    wait_for("the web process", lambda: '"ok"' in running.text("/healthz"))
    yield running
    running.process.kill()
    running.process.wait()


def events(reader: BinaryIO) -> Iterator[tuple[str, str]]:
    """(id, content) of the messages that a stream tells; an event that was cut short is none."""
    lines: list[bytes] = []
    for line in reader:
        lines.append(line)
        if line == b"\n":
            fields = dict(one.decode().rstrip().split(": ", 1) for one in lines[:-1])
            lines.clear()
            if "message" in (told := json.loads(fields.get("data", "{}"))):
                yield fields["id"], told["message"]["content"]


def test_what_happens_is_written_and_a_client_that_leaves_is_noticed(house: House, web: Web) -> None:
    visitor = house.visit("Hello")
    with web.stream(house.ada) as (reader, head):
        assert "\r\nConnection: close\r\n" in head
        assert "Content-Type: text/event-stream" in head
        assert "Transfer-Encoding" not in head
        told = events(reader)
        for n in range(3):
            visitor.post("/widget/messages", {"content": str(n)})
            last, content = next(told)
            assert content == str(n)
        assert web.listening() == 1
    wait_for("the stream's end", lambda: web.listening() == 0)
    visitor.post("/widget/messages", {"content": "meanwhile"})
    with web.stream(house.ada, last) as (reader, _):
        assert next(events(reader))[1] == "meanwhile", "what it missed"
        visitor.post("/widget/messages", {"content": "after"})
        assert next(events(reader))[1] == "after", "and what comes"


def test_a_client_that_does_not_read_is_dropped_and_nobody_waits_for_it(house: House, web: Web, engine: Engine) -> None:
    number = house.visit("Hello").conversation_id
    with web.stream(house.ben, kernel_bytes=4096) as (silent, _), web.stream(house.ada) as (reader, _):
        assert web.listening() == 2
        message = json.dumps(MESSAGE | {"conversation_id": number})
        values = {"project": house.project_id, "conversation": number, "message": message, "number": AT_ONCE}
        told, ids = events(reader), []
        for _ in range(TOO_MANY // AT_ONCE):
            with engine.begin() as connection:
                connection.execute(MANY, values)
            ids += [next(told)[0] for _ in range(AT_ONCE)]
        assert len(set(ids)) == TOO_MANY
        wait_for("the silent one's end", lambda: web.listening() == 1)
        seen = [last for last, _ in events(silent)]  # what the kernel had taken, and then the end
        assert seen == ids[: len(seen)]
        assert len(seen) < TOO_MANY
    with web.stream(house.ben, seen[-1]) as (reader, _):
        assert next(events(reader))[0] == ids[len(seen)], "it comes back where it was"


def test_a_stop_ends_the_streams(house: House, web: Web) -> None:
    with web.stream(house.ada) as (reader, _):
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(SECONDS) == 0
        assert reader.read() == b""


def test_an_unread_body_is_the_last_of_its_connection(house: House, web: Web) -> None:
    """Whoever sends the next request on it would have it taken for the rest of the body."""
    head = f"POST /api/v1/snippets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.ada.token}\r\n"
    json_head = head + "Content-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", web.port), timeout=SECONDS) as client:
        client.sendall(f"{json_head}Content-Length: 2\r\n\r\n{{}}".encode())
        reader = client.makefile("rb")
        assert "Connection: close" not in head_of(reader, "422"), "one that was read may be followed"
        client.sendall(f"{json_head}Content-Length: 5000000\r\n\r\n{{".encode())
        assert "\r\nConnection: close\r\n" in head_of(reader, "413")
    with socket.create_connection(("127.0.0.1", web.port), timeout=SECONDS) as client:
        client.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        assert "\r\nConnection: close\r\n" in head_of(client.makefile("rb"), "404")


def test_a_body_whose_end_is_not_clear_is_no_request(web: Web) -> None:
    """A proxy that finds its end elsewhere would have let a request through that it never saw."""
    unseen = "GET /healthz HTTP/1.1\r\nHost: unseen\r\n\r\n"
    chunked = f"{len(unseen):x}\r\n{unseen}\r\n0\r\n\r\n"
    for request in (
        f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{chunked}",
        f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n{unseen}",
        f"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n{unseen}",
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}",
        f"POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{unseen}",
        f"GET /healthz\r\nHost: x\r\n\r\n{unseen}",
        f"GET\x0b/healthz\x0bHTTP/1.1\r\nHost: x\r\n\r\n{unseen}",
        f"GET /healthz HTTP/1.1\r\n\r\n{unseen}",
    ):
        with socket.create_connection(("127.0.0.1", web.port), timeout=SECONDS) as client:
            client.sendall(request.encode())
            answers = client.makefile("rb").read()
        assert answers.startswith(b"HTTP/1.1 400 Bad Request\r\n"), request
        assert answers.count(b"HTTP/1.1 ") == 1, request


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [("GET / HTTP/9.9", 400, "bad_request"), (f"GET /{'a' * 9000} HTTP/1.1", 414, "request_uri_too_long")],
)
def test_what_is_no_request_is_refused_as_the_api_refuses(web: Web, head: str, status: int, code: str) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=SECONDS) as client:
        client.sendall(f"{head}\r\nHost: x\r\n\r\n".encode())
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
        assert json.load(answer)["error"]["code"] == code


def head_of(reader: BinaryIO, status: str) -> str:
    """An answer's head, whose body is read too."""
    head = b"".join(iter(reader.readline, b"\r\n")).decode()
    assert head.startswith(f"HTTP/1.1 {status} ")
    reader.read(int(head.lower().partition("content-length: ")[2].partition("\r")[0]))
    return head
