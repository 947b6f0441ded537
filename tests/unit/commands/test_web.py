"""The web process's listener."""

from __future__ import annotations

import socket

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
