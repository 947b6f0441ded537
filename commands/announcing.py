"""What `make run` says once everything runs: where it is, and how one gets in.

Owns these lines; programs read those on stdout.
"""

from __future__ import annotations

from commands.demo import Demo
from commands.result import say
from inbox.settings import Settings


def announce(settings: Settings, url: str, demo: Demo | None, visitor_url: str | None, first_path: str | None) -> None:
    """Say it. `first_path` is where the first project is made, while there is none."""
    print(f"Tandem: {url}", flush=True)
    if demo:
        print(f"Visitor page: {visitor_url}", flush=True)
        print(f"Sign in: {demo.email} {demo.password}", flush=True)
    if first_path:
        print(f"Make your first project: {url}{first_path}", flush=True)
    if demo and not settings.demo:
        say(f"The demo is in {settings.data} already. `.venv/bin/flask project delete {demo.project_id}` takes it out.")
    if settings.offline:
        say("No model is connected, so the offline responder quotes your snippets.")
    say("Ctrl-C stops everything.")
