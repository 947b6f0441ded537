"""A thousand open event streams in one web process: what each costs, and how long an event takes to the last of them.

Owns the clients, all in one loop of this process. The baseline writes the same bytes on a raw asyncio server.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from commands.projects import create_agent
from inbox import acts, visiting
from inbox.access import Agent
from inbox.redis import redis_client
from inbox.services import Services
from inbox.wake import Waker
from tests.benchmarks.memory import pss_kib
from tests.benchmarks.serving import Serving, bare, web
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table
from tests.conftest import ListQueue

CLIENTS = 1_000
SECONDS = 30.0
FRAME = b"data: " + b"x" * 1500 + b"\n\n"
NOTE = "A note of the length that notes have, so that a frame is as large as frames are."


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Memory of idle streams, publish to last, and a client that does not read."""
    asyncio.run(_run(stage, table, 20 if full else 8))


async def _run(stage: Stage, table: Table, times: int) -> None:
    note, token = _noting(stage)
    with web(stage) as ours, bare(stage, "raw_events") as theirs:
        each, streams = await _idle(ours, token, note)
        table.add(Line(f"memory of an idle event stream, {CLIENTS:,} open / 20 KiB", 20, each, "KiB", 1.0))
        ours_ms, theirs_ms, pages = await _in_turns(ours, streams, theirs, await _open(theirs, token), note, times)
        dropped = await _drops(ours, token, note)
    work = f"an event to the last of {CLIENTS:,} streams"
    table.add(Line(work, statistics.median(theirs_ms), statistics.median(ours_ms), "ms", 2.5, against="raw asyncio"))
    table.add(Line("a page meanwhile / 1 s", 1000, max(pages) * 1000, "ms", 1.0))
    table.add(Line("others wait for a client that does not read / 1 s", 1000, dropped, "ms", 1.0))


async def _idle(serving: Serving, token: str, note: Callable[[], None]) -> tuple[float, list[Stream]]:
    """KiB of each of a thousand streams in a process that has had some before, and the streams."""
    warm = await _open(serving, token, 20)
    await _to_last(warm, lambda: asyncio.to_thread(note))
    before = pss_kib(serving.process)
    streams = await _open(serving, token)
    each = (pss_kib(serving.process) - before) / CLIENTS
    await _close(warm)
    return each, streams


async def _in_turns(
    ours: Serving,
    our_streams: list[Stream],
    theirs: Serving,
    their_streams: list[Stream],
    note: Callable[[], None],
    times: int,
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to the last client of ours and of theirs, in turns; pages of ours are asked for all the while."""
    pages: list[float] = []
    stop = asyncio.Event()
    asking = asyncio.create_task(_ask_for_pages(ours, pages, stop))
    our_ms, their_ms = [], []
    for _ in range(times + 1):
        our_ms.append(await _to_last(our_streams, lambda: asyncio.to_thread(note)))
        their_ms.append(await _to_last(their_streams, lambda: _post(theirs, FRAME)))
        await asyncio.sleep(0.1)
    stop.set()
    await asking
    await _close([*our_streams, *their_streams])
    return our_ms[1:], their_ms[1:], pages


@dataclass
class Stream:
    """An open stream; counts the bytes that came and notes when the last did."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    at: float = 0.0
    got: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Until it is closed."""
        while await self.reader.read(65536):
            self.at = time.perf_counter()
            self.got.set()


async def _open(serving: Serving, token: str, number: int = CLIENTS) -> list[Stream]:
    streams = []
    for _ in range(number):
        stream = Stream(*await asyncio.open_connection("127.0.0.1", serving.port, limit=2**16))
        request = f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        stream.writer.write(request.encode())
        while b": welcome" not in await asyncio.wait_for(stream.reader.readline(), SECONDS):
            pass
        await stream.reader.readline()
        streams.append(stream)
    for stream in streams:
        stream.task = asyncio.create_task(stream.listen())  # type: ignore[attr-defined]  # kept from being collected
    return streams


async def _to_last(streams: list[Stream], publish: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds from the publishing to the last client's first byte of it."""
    for stream in streams:
        stream.got.clear()
    started = time.perf_counter()
    await publish()
    for stream in streams:
        await asyncio.wait_for(stream.got.wait(), SECONDS)
    return (max(stream.at for stream in streams) - started) * 1000


async def _close(streams: list[Stream]) -> None:
    for stream in streams:
        stream.writer.close()
    await asyncio.sleep(0.5)


async def _post(serving: Serving, body: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await reader.read()
    writer.close()


async def _ask_for_pages(serving: Serving, found: list[float], stop: asyncio.Event) -> None:
    while not stop.is_set():
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
        writer.write(b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()
        found.append(time.perf_counter() - started)
        await asyncio.sleep(0.05)


async def _drops(serving: Serving, token: str, note: Callable[[], None]) -> float:
    """The longest that a reading client waited for an event while another did not read at all."""
    silent = (await _open(serving, token, 1))[0]
    silent.task.cancel()  # type: ignore[attr-defined]
    reading = await _open(serving, token, 10)
    waited = [await _to_last(reading, lambda: asyncio.to_thread(note)) for _ in range(20)]
    await _close([silent, *reading])
    return max(waited)


def _noting(stage: Stage) -> tuple[Callable[[], None], str]:
    """Something that happens in the project, committed and announced as a web process would; and an agent's token."""
    with stage.engine.begin() as connection:
        made = create_agent(connection, "ana@bench.example", project_id=stage.project_id)
        conversation_id = visiting.start_session(connection, key=stage.project_key, visitor={}).conversation_id
    who = Agent(made.id, "Ana", "ana@bench.example", stage.project_id, "agent")
    services = Services(stage.engine, ListQueue(Waker(redis_client(stage.redis_url))))

    def note() -> None:
        with services.statement() as writing:
            acts.note(writing.connection, who, conversation_id, NOTE)

    return note, made.token
