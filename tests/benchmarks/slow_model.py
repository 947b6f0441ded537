"""A model server that answers each request after so many seconds, in a process of its own: `python -m … PORT SECONDS`.

Owns one loop and no thread for each client, so that it is never what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys

CHUNK = {
    "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "slow",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Your parcel is on its way."}}],
}  # fmt: skip
LAST = {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
BODY = "".join(f"data: {json.dumps(one)}\n\n" for one in (CHUNK, LAST)).encode() + b"data: [DONE]\n\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """One request, one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    await asyncio.sleep(seconds)
    writer.write(HEAD + BODY)
    await writer.drain()
    writer.close()


async def serve(port: int, seconds: float) -> None:
    """For ever."""
    server = await asyncio.start_server(lambda r, w: answer(r, w, seconds), "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
