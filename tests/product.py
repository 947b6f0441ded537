"""The whole product as `make run` starts it, in a folder and on a port of its own.

Owns starting and stopping it. Tests that kill things use it too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 90
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port that nobody listens on now.

    None of those that the kernel gives to clients: while a killed part is away, somebody who keeps asking for it could
    be given that very port, talk to itself, and keep the part from coming back.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("every port is taken")


def wait_for(what: str, holds: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> None:
    """Wait until it holds; TimeoutError with its name."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not come true within {seconds} s")
        time.sleep(0.05)


@contextmanager
def starting(environment: Mapping[str, str]) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes of ours by their command; killed at the end if they still run."""
    running: list[subprocess.Popen[bytes]] = []

    def started(*command: str) -> subprocess.Popen[bytes]:
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return running[-1]

    try:
        yield started
    finally:
        for process in running:
            process.kill()
            process.wait()


class Product:
    """A running Tandem. `run` is its run.json."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "TANDEM_DATA": str(data),
            "TANDEM_PORT": str(self.port),
            "TANDEM_THINK_SECONDS": "0",
            **(environment or {}),
        }
        self.process: subprocess.Popen[str] | None = None
        self.launched_at = 0.0

    def start(self) -> Product:
        """Start it and wait until it has said where it is."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.launch()
        wait_for("the product's start", self._is_up)
        return self

    def launch(self) -> subprocess.Popen[str]:
        """Start it without waiting."""
        self.launched_at = time.time()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "commands.run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self.process

    def _is_up(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"it ended at its start: {self.process.stdout.read() if self.process.stdout else ''}")
        run = self.data / "run.json"  # one that a killed launcher left behind does not count
        return run.exists() and run.stat().st_mtime >= self.launched_at

    @property
    def run(self) -> dict[str, Any]:
        """What run.json says now."""
        known: dict[str, Any] = json.loads((self.data / "run.json").read_text())
        return known

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Stop it; returns what it printed."""
        assert self.process is not None
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=LIMIT_SECONDS)
        return output

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of `flask` beside the running product."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )

    def living(self) -> list[int]:
        """The processes that have this product's data folder in their environment, itself left out."""
        mark = f"TANDEM_DATA={self.data}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), self.process.pid if self.process else 0):
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\x00"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found
