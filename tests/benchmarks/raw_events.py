"""The least that can push an event: a raw asyncio server that writes the same bytes to every open connection.

Owns that baseline. `python -m … PORT`: GET opens a stream, POST sends its body to all streams.
"""

from __future__ import annotations

import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: welcome\n\n"
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
open_streams: set[asyncio.StreamWriter] = set()


async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: a stream, or a sender."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"GET /healthz"):
        writer.write(DONE)
    elif head.startswith(b"GET"):
        writer.write(HEAD)
        open_streams.add(writer)
        await reader.read()
        open_streams.discard(writer)
    else:
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        frame = await reader.readexactly(length)
        for one in list(open_streams):
            one.write(frame)
        writer.write(DONE)
    writer.close()


async def serve(port: int) -> None:
    """For ever."""
    server = await asyncio.start_server(serve_one, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
