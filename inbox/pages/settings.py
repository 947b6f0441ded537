"""The settings page: managers change how the responder works, others read it.

Owns the form. It says beside each field what the manager saw in it, so that a save writes only what they changed and
never undoes what another manager saved meanwhile: tests/integration/test_pages_settings.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox import projects, reading, spending
from inbox.access import Agent
from inbox.api.asking import services, valid
from inbox.api.schemas import LARGEST_CAP, LARGEST_CAPACITY, LONGEST_RESUME_HOURS, LONGEST_SOLVE_DAYS, ProjectBody
from inbox.errors import Invalid, StaleVersion
from inbox.pages.signing_in import page
from inbox.settings import Settings

CHOICES: dict[str, dict[str, str]] = {
    "mode": {
        "simple": "Simple: one answer from your snippets",
        "orchestrator": "Orchestrator: your workflow",
    },
    "answers_when": {
        "always": "Always",
        "no_agent_online": "While no agent is here",
        "unassigned": "While nobody is assigned",
    },
    "on_assignment": {"post": "Its reply is posted", "park": "Its reply is parked for them"},
    "resume_rule": {
        "never": "Never by itself",
        "after_hours": "After some hours without an agent’s message",
        "when_solved": "When it is solved",
    },
    "assign_rule": {
        "off": "Nobody, until someone takes it",
        "fewest": "Whoever is here and has the fewest",
    },
}
TOKENS = f"Give a whole number of tokens from 0 to {LARGEST_CAP:,}; 0 is no limit."
FAULTS = {
    "solve_after_days": f"Give a whole number of days from 0 to {LONGEST_SOLVE_DAYS}; 0 is never.",
    "resume_after_hours": f"Give a whole number of hours from 1 to {LONGEST_RESUME_HOURS}.",
    "cap_tokens_visitor_hour": TOKENS,
    "cap_tokens_day": TOKENS,
    "assign_capacity": f"Give a whole number from 1 to {LARGEST_CAPACITY}.",
}


@page
def show(me: Agent) -> ResponseReturnValue:
    """The project's settings."""
    return _render(me)


@page
def save(me: Agent) -> ResponseReturnValue:
    """Save what was changed in the form; what cannot be saved is shown again as it was typed."""
    typed, was = _fields(""), _fields("was-")
    typed = {name: value for name, value in typed.items() if was.get(name) != value}
    try:
        changes = valid(ProjectBody, typed).changes()
        seen = valid(ProjectBody, {name: was[name] for name in changes if name in was}).changes()
        with services().statement() as writing:
            row = projects.change(writing.connection, me, changes, was=seen)
    except StaleVersion as error:
        return _render(me, typed, conflicts=error.extra["fields"]), 409
    except Invalid as error:
        faults = {name: FAULTS.get(name, fault) for name, fault in error.extra["fields"].items()}
        return _render(me, typed, errors=faults), 422
    flash("Saved." if row["written"] else "Nothing was changed.")
    return redirect(url_for("pages.settings"))


def _fields(prefix: str) -> dict[str, Any]:
    """The form's fields with this prefix, each as what its column holds."""
    form = request.form
    found: dict[str, Any] = {}
    for name, kind in projects.TYPES.items():
        text = form.get(prefix + name, "").replace("\r\n", "\n")
        if kind == "boolean":
            if prefix + name in form or not prefix:  # a box that is not ticked is not sent
                found[name] = text == "yes"
        elif prefix + name in form:
            found[name] = int(text) if kind == "integer" and text.strip().isdecimal() and len(text) < 10 else text
    return found


def _render(
    me: Agent, typed: Mapping[str, Any] | None = None, *, conflicts: Collection[str] = (), errors: Any = None
) -> str:
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        spent = spending.spent_today(connection, me.project_id)
    return render_template(
        "settings/responder.html",
        me=me,
        project=project,
        spent=spent,
        values={**project, **(typed or {})},
        conflicts=conflicts,
        errors=errors or {},
        choices=CHOICES,
        words_of=_words_of,
        offline=cast(Settings, current_app.config["TANDEM"]).offline,
    )


def _words_of(name: str, value: Any) -> str:
    """A setting's value as the page says it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return CHOICES.get(name, {}).get(str(value), str(value) or "nothing")
