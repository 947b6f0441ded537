"""The web process: gevent's server, one greenlet for each request, and none for an open stream (commands/outlet.py).

Owns the server. psycopg cooperates with gevent once the standard library is patched, so that comes first.

Chosen by measurement, with a trivial view, one client and 300 open streams, one process each (two cores that were busy
with other things, so only the order counts): gevent's own server 16 KiB a stream and the most requests beside them;
gunicorn with gevent workers 14 KiB and as fast, but 15 MiB more for its arbiter, and a second process to watch;
gunicorn with threads 29 KiB, and a quarter of the requests while the streams are open; granian (WSGI) 96 KiB, a thread
for each. An ASGI neighbour would need a second sign-in, pool and error tree for the streams alone.
On gevent's own server a stream can be taken from its greenlet: with Tandem's views and a thousand streams that brought
each from 28 to 3 KiB, and an event to the last of them in 1.7 times what a raw asyncio server takes (2.7 before).
"""

from __future__ import annotations

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress

from gevent import signal_handler
from gevent.pywsgi import WSGIServer

from commands.no_port import no_port
from commands.outlet import Handler
from commands.password_thread import PasswordThread
from inbox import passwords
from inbox.settings import Settings, SettingsError, found_servers

MOST_FILES = 65_536  # a stream each; nothing here asks by a table of all that may be open
STOP_SECONDS = 2  # requests in flight may finish; event streams are cut, their clients come back


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    from app import create_app

    logging.basicConfig(level=logging.INFO, format="%(asctime)s web %(levelname)s %(message)s")
    try:
        settings = found_servers(Settings.from_environment(os.environ))
        application = create_app(settings)
    except SettingsError as error:
        sys.exit(str(error))
    try:
        listener = listen(settings)
    except OSError as error:
        sys.exit(no_port(settings.port, error))
    logging.getLogger("web").info("Listening on http://%s:%d", *listener.getsockname())
    open_many_files()
    passwords.run = PasswordThread()
    server = WSGIServer(listener, application, log=None, handler_class=Handler, error_log=logging.getLogger("web"))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal_handler(number, server.stop, STOP_SECONDS)
    server.serve_forever()


def open_many_files() -> None:
    """As many as this machine lets us: of a usual soft limit of 1,024 a thousand streams would leave too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with suppress(OSError, ValueError):  # a system may take less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(settings: Settings) -> socket.socket:
    """This machine's own address while the servers are embedded (a laptop); all addresses on servers of one's own."""
    embedded = "@/" in str(settings.database_url)  # a database behind a local socket
    host = "127.0.0.1" if embedded else "0.0.0.0"
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it. A long answer is written in two pieces; without this the second would wait for the
    # client's acknowledgement of the first, 40 ms with every request: tests/unit/commands/test_web.py
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((host, settings.port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


if __name__ == "__main__":
    main()
