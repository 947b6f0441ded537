"""`make run`: everything in one command, in the foreground, until it is stopped.

Owns the order of starting, the watch over the children, and leaving nothing behind. Must not serve anything itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from sqlalchemy.exc import SQLAlchemyError

from commands import run_file
from commands.announcing import announce
from commands.child import ServerFailed, become, die_with_make, start
from commands.demo import Demo, first_start
from commands.embedded import RunningServer, start_postgres, start_valkey
from commands.lean import lean, quick
from commands.preflight import CannotRun, check_database, check_key, check_port, check_redis, check_room, hold
from commands.result import say
from inbox import founding
from inbox.database import connect
from inbox.migrating import CannotMigrate, migrate
from inbox.secret_key import secret_key
from inbox.settings import Settings, SettingsError

WATCH_SECONDS = 0.25
READY_SECONDS = 60.0
STOP_SECONDS = 12.0  # a worker drains for 5 s
DEMO_THINK_SECONDS = "6"  # slow enough to click meanwhile


@dataclass
class Part:
    """A child process and the way to start it again."""

    name: str
    process: subprocess.Popen[bytes]
    again: Callable[[], subprocess.Popen[bytes]]


@dataclass
class Launcher:
    """Starts the parts, watches them, stops them."""

    settings: Settings
    environment: dict[str, str]
    parts: list[Part] = field(default_factory=list)
    servers: dict[str, RunningServer] = field(default_factory=dict)
    stopping: bool = False
    lock: IO[str] | None = None

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.settings.data.resolve()

    def run(self) -> None:
        """Start everything, say where it is, and watch until a signal comes."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        die_with_make()
        try:
            self._start()
            while not self.stopping:
                time.sleep(WATCH_SECONDS)
                self.watch()
        finally:
            self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _start(self) -> None:
        self.lock = hold(self.data)
        run_file.remove(self.data)
        check_port(self.settings.port)
        self._start_servers()
        say("Bringing the database to the newest schema …")
        database_url = self.environment["DATABASE_URL"]
        migrate(database_url)
        engine = connect(database_url, pool_size=2)
        with engine.begin() as connection:
            demo = first_start(connection, self.data, wanted=self.settings.demo)
            is_empty = founding.is_empty(connection)
            check_key(connection, self.environment["SECRET_KEY"])
        engine.dispose()
        self._start_processes()
        self._wait_until_ready()
        self._write_run_file(demo)
        if not self.stopping:
            first = founding.first_path(self.environment["SECRET_KEY"]) if is_empty else None
            announce(self.settings, self.url, demo, self._visitor_url(demo), first)

    def _start_servers(self) -> None:
        if self.settings.database_url is None:
            check_room(self.data)
            say("Starting PostgreSQL …")
            self.servers["postgres"] = start_postgres(self.data, environment=self.environment)
            self.environment["DATABASE_URL"] = self.servers["postgres"].url
        else:
            check_database(self.settings.database_url)
        if self.settings.redis_url is None:
            say("Starting Valkey …")
            self.servers["redis"] = start_valkey(self.data, environment=self.environment)
            self.environment["REDIS_URL"] = self.servers["redis"].url
        else:
            check_redis(self.settings.redis_url)

    def _start_processes(self) -> None:
        self._add("web", "commands.web")
        for _ in range(self.settings.workers):
            self._add("worker", "commands.worker")

    def _add(self, name: str, module: str) -> None:
        log = self.data / f"{name}.log"

        def again() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", module]
            environment = lean(self.environment) if name == "worker" else quick(self.environment)
            return start(command, log=log, identity=become(None), dies_with=signal.SIGKILL, environment=environment)

        self.parts.append(Part(name, again(), again))

    def watch(self) -> None:
        """Start again what died. The database first, for the others wait for it."""
        changed = False
        for name, server in list(self.servers.items()):
            server.hurry()
            if server.process.poll() is not None and not self.stopping:
                say(f"{name} ended; starting it again.")
                with contextlib.suppress(ServerFailed):  # tried again at the next look
                    self.servers[name] = server.restart()
                    changed = True
        for part in self.parts:
            if part.process.poll() is not None and not self.stopping:
                say(f"The {part.name} process ended; starting it again.")
                part.process = part.again()
                changed = True
        if changed:
            run_file.update(self.data, {"pids": self._pids()})

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        web = next(part for part in self.parts if part.name == "web")
        while not self.stopping:
            if web.process.poll() is not None:
                words = (self.data / "web.log").read_text(errors="replace").strip().split("\n")[-1]
                raise CannotRun(f"The web process ended at its start: {words}")
            if _answers(f"{self.url}/healthz"):
                return
            if time.monotonic() > until:
                raise CannotRun(
                    f"The web process did not answer within {READY_SECONDS:.0f} s; see {self.data}/web.log."
                )
            time.sleep(0.05)

    @property
    def url(self) -> str:
        """Where the inbox is."""
        return f"http://127.0.0.1:{self.settings.port}"

    def _visitor_url(self, demo: Demo | None) -> str | None:
        return f"{self.url}/visit/{demo.project_key}" if demo else None

    def _pids(self) -> dict[str, Any]:
        pids: dict[str, Any] = {
            kind: [part.process.pid for part in self.parts if part.name == kind] for kind in ("web", "worker")
        }
        for name in ("postgres", "redis"):
            pids[name] = self.servers[name].pid if name in self.servers else None
        return pids

    def _write_run_file(self, demo: Demo | None) -> None:
        known = {
            "url": self.url,
            "visitor_url": self._visitor_url(demo),
            "email": demo.email if demo else None,
            "password": demo.password if demo else None,
            "project_id": demo.project_id if demo else None,
            "project_key": demo.project_key if demo else None,
            "database_url": self.environment["DATABASE_URL"],
            "redis_url": self.environment["REDIS_URL"],
            "pids": self._pids(),
        }
        run_file.write(self.data, known)

    def _end(self) -> None:
        """Stop in order: web and workers first, then what they need."""
        if self.parts:
            say("Stopping …")
        for part in self.parts:
            with contextlib.suppress(ProcessLookupError):
                part.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for part in self.parts:
            with contextlib.suppress(subprocess.TimeoutExpired):
                part.process.wait(max(0.1, until - time.monotonic()))
            part.process.kill()
            part.process.wait()
        for name in ("redis", "postgres"):
            if name in self.servers:
                self.servers[name].stop()
        if self.lock is not None:
            run_file.remove(self.data)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def main() -> None:
    """Run, or say in one sentence why not and exit with 1."""
    try:
        settings = Settings.from_environment(os.environ)
        environment = {**os.environ, "TANDEM_DATA": str(settings.data.resolve())}
        environment["SECRET_KEY"] = secret_key(settings)
        environment.setdefault("TANDEM_THINK_SECONDS", DEMO_THINK_SECONDS)
        environment["PYTHONUNBUFFERED"] = "1"
        Launcher(settings, environment).run()
    except (SettingsError, CannotRun, ServerFailed, CannotMigrate) as error:
        say(str(error))
        sys.exit(1)
    except SQLAlchemyError as error:
        say(f"The database could not be prepared: {str(error.__cause__ or error).strip().splitlines()[0]}")
        sys.exit(1)


if __name__ == "__main__":
    main()
