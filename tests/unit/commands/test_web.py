"""The web process: its listener, and what it need not load."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys

from commands.web import listen, open_many_files
from inbox.settings import Settings
from tests.product import free_port


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """What is written goes out at once, on every connection that is accepted."""
    settings = Settings(port=free_port(), database_url="postgresql://tandem@/tandem?host=/nowhere")
    with listen(settings) as listener, socket.create_connection(listener.getsockname()):
        listener.settimeout(5)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_it_has_room_for_as_many_streams_as_the_machine_lets_it() -> None:
    """A usual soft limit of 1,024 files is not the end of it."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, hard))
        open_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (65_536 if hard < 0 else min(65_536, hard), hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


def test_it_is_up_without_the_parts_of_commands() -> None:
    """The SDK and the commands take as long to load as all the rest, and a killed web process is back within 5 s."""
    known = "Settings(database_url='postgresql://nobody@127.0.0.1:1/none', redis_url='redis://127.0.0.1:1')"
    assert loaded_by(f"from inbox.settings import Settings; create_app({known})") == []


def test_only_the_command_that_asks_a_model_waits_for_its_sdk() -> None:
    assert loaded_by("create_app()") == ["commands.evaluate"]


def loaded_by(start: str) -> list[str]:
    """Which of the parts a fresh process has loaded then."""
    look = "print(*(name for name in ('commands.evaluate', 'openai') if name in sys.modules))"
    code = f"import sys; from app import create_app; {start}; {look}"
    nowhere = {name: value for name, value in os.environ.items() if not name.endswith("_URL")} | {
        "TANDEM_DATA": "/none"
    }
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=nowhere)
    return done.stdout.split()
