"""A server that speaks S3 over HTTP, as a process of its own, with one bucket: a folder in which tests look.

Owns starting and stopping it. It checks no signature.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.product import free_port, wait_for

BUCKET = "files"


@dataclass(frozen=True)
class BucketServer:
    """Where it is. `folder` holds the bucket's objects."""

    url: str
    folder: Path

    def objects(self) -> list[str]:
        """The names of all objects."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("."))


@contextmanager
def bucket_server(folder: Path) -> Iterator[BucketServer]:
    """A running server with an empty bucket."""
    (folder / BUCKET).mkdir(parents=True)
    port = free_port()
    process = subprocess.Popen(
        (sys.executable, "-m", "localbucket", str(folder), "--port", str(port)), stderr=subprocess.DEVNULL
    )
    try:
        wait_for("the bucket's server", lambda: _listens(port))
        yield BucketServer(f"http://127.0.0.1:{port}", folder / BUCKET)
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
