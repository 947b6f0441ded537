"""The page's side of an event stream, against a server that falls silent: no proxy says that a line is dead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.product import ROOT

SECONDS = 60
PAGE = b"""<script type="module">
import { openStream } from "/stream.js";
openStream("/events", { onEvent() {}, onState(is) { document.title = is ? "connected" : "away"; } });
</script>"""
SHARED = b"""<body data-project="1"><script type="module">
let away = false;
Object.defineProperty(document, "hidden", { get: () => away });
window.look = (is) => { away = !is; document.dispatchEvent(new Event("visibilitychange")); };
import { openShared } from "/sharing.js";
openShared("/events", { onEvent() {}, onState(is) { document.title = is ? "connected" : "away"; } });
</script>"""
# Enough that this tab rests; nobody answers for them.
OTHERS_THAT_CRASH = """() => new Promise((rests) => {
  const tabs = new BroadcastChannel("tandem:streams");
  tabs.onmessage = ({ data }) => data.what === "closed" && rests();
  for (const id of ["one", "two", "three"]) tabs.postMessage({ what: "opened", id, project: "1" });
})"""
MANY_TABS = 8  # more than a browser has lines to a server


class Silent(ThreadingHTTPServer):
    """Tells one event on each stream, and then nothing. `asked` has the Last-Event-ID of each."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: queue.Queue[str | None] = queue.Queue()
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """The page, its script, and the stream."""

    server: Silent

    def do_GET(self) -> None:
        """Answer; a stream stays open."""
        kind, body = {
            "/stream.js": ("text/javascript", (ROOT / "static/js/stream.js").read_bytes()),
            "/sharing.js": ("text/javascript", (ROOT / "static/js/sharing.js").read_bytes()),
            "/shared": ("text/html", SHARED),
            "/events": ("text/event-stream", b"id: 7\nevent: x\ndata: {}\n\n"),
        }.get(self.path, ("text/html", PAGE))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/events":
            self.server.asked.put(self.headers["Last-Event-ID"])
            self.server.over.wait()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def silent() -> Iterator[Silent]:
    with Silent() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


def test_a_silent_line_is_left_and_taken_up_behind_the_last_event(browser: Browser, silent: Silent) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(f"http://127.0.0.1:{silent.server_port}/")
    page.wait_for_function("() => document.title === 'connected'")
    assert silent.asked.get(timeout=SECONDS) is None
    page.clock.run_for(35_000)
    assert page.title() == "connected", "two beats may be late"
    page.clock.run_for(15_000)
    assert silent.asked.get(timeout=SECONDS) == "7"
    page.close()


def test_many_tabs_leave_lines_to_each_other(browser: Browser, silent: Silent) -> None:
    """Those out of sight rest, so that each next one loads; whichever is looked at again goes on where it stood."""
    context = browser.new_context()
    tabs = []
    for _ in range(MANY_TABS):
        tab = context.new_page()
        tab.goto(f"http://127.0.0.1:{silent.server_port}/shared")
        tab.wait_for_function("() => document.title === 'connected'")
        assert silent.asked.get(timeout=SECONDS) is None
        tab.evaluate("look(false)")
        tabs.append(tab)
    tabs[0].evaluate("look(true)")
    assert silent.asked.get(timeout=SECONDS) == "7"
    context.close()


def test_a_tab_that_rests_finds_out_that_those_who_heard_are_gone(browser: Browser, silent: Silent) -> None:
    """A tab that crashes says nothing any more."""
    page = browser.new_page()
    page.clock.install()
    page.goto(f"http://127.0.0.1:{silent.server_port}/shared")
    assert silent.asked.get(timeout=SECONDS) is None
    page.wait_for_function("() => document.title === 'connected'")
    page.evaluate("look(false)")
    page.evaluate(OTHERS_THAT_CRASH)
    page.clock.run_for(65_000)
    assert silent.asked.get(timeout=SECONDS) == "7"
    page.close()
