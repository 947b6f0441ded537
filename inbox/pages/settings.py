"""The settings page: managers change how the responder works, others read it.

Owns the form. It says beside each field what the manager saw in it, so that a save writes only what they changed and
never undoes what another manager saved meanwhile: tests/integration/test_pages_settings.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox import first_steps, founding, model_faults, projects, reading, spending
from inbox.access import Agent
from inbox.api.asking import services, wiring
from inbox.api.fields import MOST_TITLE_CHARACTERS
from inbox.api.schemas import LARGEST_CAP, LARGEST_CAPACITY, LONGEST_RESUME_HOURS, LONGEST_SOLVE_DAYS
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.saying import later, said

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
CHOICES: dict[str, dict[str, str]] = {
    "mode": {
        "simple": later("Simple: one answer from your snippets"),
        "orchestrator": later("Orchestrator: your workflow"),
    },
    "answers_when": {
        "always": later("Always"),
        "no_agent_online": later("While no agent is here"),
        "unassigned": later("While nobody is assigned"),
    },
    "on_assignment": {"post": later("Its reply is posted"), "park": later("Its reply is parked for them")},
    "resume_rule": {
        "never": later("Never by itself"),
        "after_hours": later("After some hours without an agent’s message"),
        "when_solved": later("When it is solved"),
    },
    "assign_rule": {
        "off": later("Nobody, until someone takes it"),
        "fewest": later("Whoever is here and has the fewest"),
    },
}
LIMITS = {
    "name": MOST_TITLE_CHARACTERS,
    "solve_after_days": LONGEST_SOLVE_DAYS,
    "resume_after_hours": LONGEST_RESUME_HOURS,
    "cap_tokens_visitor_hour": LARGEST_CAP,
    "cap_tokens_day": LARGEST_CAP,
    "assign_capacity": LARGEST_CAPACITY,
}
FAULTS = {
    "name": later("A name has 1 to %(most)s characters."),
    "solve_after_days": later("Give a whole number of days from 0 to %(most)s; 0 is never."),
    "resume_after_hours": later("Give a whole number of hours from 1 to %(most)s."),
    "cap_tokens_visitor_hour": later("Give a whole number of tokens from 0 to %(most)s; 0 is no limit."),
    "cap_tokens_day": later("Give a whole number of tokens from 0 to %(most)s; 0 is no limit."),
    "assign_capacity": later("Give a whole number from 1 to %(most)s."),
}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The project's settings."""
    return _render(me)


@blueprint.post("")
@page
def save(me: Agent) -> ResponseReturnValue:
    """Save what was changed in the form; what cannot be saved is shown again as it was typed."""
    return forms.set_columns(me, _fields, _render, _fault, at=url_for("settings.show"))


def _fault(name: str, otherwise: str) -> str:
    if name not in FAULTS:
        return otherwise
    return said(FAULTS[name], most=f"{LIMITS[name]:,}")


def _fields(prefix: str) -> dict[str, Any]:
    """The form's fields with this prefix, each as what its column holds."""
    form = request.form
    found: dict[str, Any] = {}
    for name, kind in projects.TYPES.items():
        text = forms.words(prefix + name)
        if kind == "boolean":
            if prefix + name in form or not prefix:  # a box that is not ticked is not sent
                found[name] = text == "yes"
        elif prefix + name in form:
            found[name] = int(text) if kind == "integer" and text.strip().isdecimal() and len(text) < 10 else text
    return found


def _render(
    me: Agent, typed: Mapping[str, Any] | None = None, *, conflicts: Collection[str] = (), errors: Any = None
) -> str:
    environment = wiring().settings
    outside = {"offline": environment.offline, "placed": wiring().places.newest(me.project_id) is not None}
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        spent = spending.spent_today(connection, me.project_id)
        steps = first_steps.find(connection, me, **outside) if me.is_manager else None
        model_fault = model_faults.found(connection, me)
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
        offline=environment.offline,
        model=environment.model,
        hosts=environment.model_hosts,
        steps=steps,
        of_demo=me.is_manager and founding.is_of_demo(me),
        model_fault=model_fault,
    )


def _words_of(name: str, value: Any) -> str:
    """A setting's value as the page says it."""
    if isinstance(value, bool):
        return said("on") if value else said("off")
    if str(value) in CHOICES.get(name, {}):
        return said(CHOICES[name][str(value)])
    return str(value) or said("nothing")
