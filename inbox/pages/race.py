"""The race lab's page: a storm of people's acts against two writers, live.

Owns the page. The lab itself is behind inbox/race_lab.py.
"""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox.access import Agent
from inbox.api.asking import wiring
from inbox.errors import Forbidden, Invalid
from inbox.pages.browser_session import page
from inbox.race_lab import Race

blueprint = Blueprint("race", __name__)
MOST_CONVERSATIONS = 500  # of a race inside the web process; `flask race` takes more
MOST_AGENTS = 50
MOST_THINK_SECONDS = 10.0
MOST_SEED = 999_999_999


@blueprint.get("/race")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The lab with the race under way or the last one."""
    return render_template("race.html", me=me, race=wiring().race_lab.newest())


@blueprint.get("/race/parts")
@page
def parts(me: Agent) -> ResponseReturnValue:
    """The counts now."""
    race = wiring().race_lab.newest()
    return render_template("parts/duel.html", me=me, race=race, over=race is not None and not race.running)


@blueprint.post("/race")
@page
def start(me: Agent) -> ResponseReturnValue:
    """Begin a race, unless one is under way. Managers only: it puts load on the database."""
    if not me.is_manager:
        raise Forbidden("Only managers start a race.")
    conversations, agents = _whole("conversations", MOST_CONVERSATIONS), _whole("agents", MOST_AGENTS)
    wiring().race_lab.start(Race(conversations, agents, _think(), _whole("seed", MOST_SEED)))
    return redirect(url_for("race.show"))


@blueprint.post("/race/stop")
@page
def stop(me: Agent) -> ResponseReturnValue:
    """End the race under way."""
    if not me.is_manager:
        raise Forbidden("Only managers stop a race.")
    wiring().race_lab.stop()
    return redirect(url_for("race.show"))


def _whole(name: str, most: int) -> int:
    text = request.form.get(name, "1" if name == "seed" else "")
    if text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= most:
        return int(text[:9])
    raise Invalid(f"{name} must be a whole number from 1 to {most}.", fields={name: f"from 1 to {most}"})


def _think() -> tuple[float, float]:
    asked = request.form.get("think", "0.5-2").replace("–", "-")
    match = re.fullmatch(r"\s*([0-9]{1,2}(?:\.[0-9]{1,3})?)\s*-\s*([0-9]{1,2}(?:\.[0-9]{1,3})?)\s*", asked, re.ASCII)
    low, high = (float(match.group(1)), float(match.group(2))) if match else (1.0, 0.0)
    if low <= high <= MOST_THINK_SECONDS:
        return low, high
    raise Invalid("think must be seconds such as 0.5-2.", fields={"think": f"from 0 to {MOST_THINK_SECONDS:.0f}"})
