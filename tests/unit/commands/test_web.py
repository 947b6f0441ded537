"""The web process: its listener, and what it need not load."""

from __future__ import annotations

import socket
import subprocess
import sys

from commands.web import listen
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


def test_it_is_up_without_the_parts_of_commands() -> None:
    """The SDK and the commands take as long to load as all the rest, and a killed web process is back within 5 s."""
    asked = (
        "import sys; from app import create_app; from inbox.settings import Settings;"
        "create_app(Settings(database_url='postgresql://nobody@127.0.0.1:1/none', redis_url='redis://127.0.0.1:1'));"
        "print(sorted(name for name in ('commands.evaluate', 'openai') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
