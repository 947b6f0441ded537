"""The widget's settings: the tag to copy, how it looks, where it may stand, and the identity secret.

Owns the page. Like the settings page it says beside each field what the manager saw in it, so that a save writes only
what they changed. The identity secret is shown in the one answer that makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from inbox import identity, origins, reading
from inbox.access import Agent
from inbox.api.asking import services, wiring
from inbox.api.identity import secret_of
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.saying import later, said
from inbox.tokens import new_token

blueprint = Blueprint("widget_settings", __name__, url_prefix="/settings/widget")
FIELDS = (
    "widget_brand",
    "widget_greeting",
    "widget_position",
    "widget_asks_email",
    "widget_ask_person",
    "widget_origins",
)
TAG = '<script src="{url}" data-project="{key}" async></script>'
CHOICES = {
    "widget_position": {"right": later("Right"), "left": later("Left")},
    "widget_asks_email": {
        "when_nobody": later("When people answer and nobody is here"),
        "always": later("Always"),
        "never": later("Never"),
    },
    "widget_ask_person": {
        "always": later("At any time"),
        "open_hours": later("Within working hours; else they are told when people are back"),
        "never": later("Never"),
    },
}
FAULTS = {
    "widget_brand": lazy_gettext("Give a colour such as #24453a."),
    "widget_origins": lazy_gettext("One origin a line, such as https://shop.example or https://*.shop.example."),
}

MISREAD = later("“%(typed)s” is no origin such as https://shop.example or https://*.shop.example.")


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The widget's settings."""
    return _render(me)


@blueprint.post("")
@page
def save(me: Agent) -> ResponseReturnValue:
    """Save what was changed in the form; what cannot be saved is shown again as it was typed."""
    return forms.set_columns(me, _fields, _render, _fault, at=url_for("widget_settings.show"))


@blueprint.post("/identity-secret")
@page
def rotate(me: Agent) -> ResponseReturnValue:
    """A new identity secret; it is in this answer and nowhere else."""
    secret = secret_of(new_token())
    with services().statement() as writing:
        identity.rotate(writing.connection, me, wiring().sealer, secret)
    return _render(me, secret=secret)


@blueprint.post("/identity-secret/end")
@page
def revoke(me: Agent) -> ResponseReturnValue:
    """End the identity secret, and with it every identity that was signed with it."""
    with services().statement() as writing:
        identity.revoke(writing.connection, me)
    flash(gettext("The identity secret has ended. Visitors are unverified until you make a new one."))
    return redirect(url_for("widget_settings.show"))


def _fault(name: str, otherwise: str) -> str:
    """What is wrong with a field; of several origins it names the first that is none."""
    misread = origins.misread(forms.words("widget_origins").split()) if name == "widget_origins" else []
    if misread:
        return said(MISREAD, typed=misread[0])
    return str(FAULTS.get(name, otherwise))


def _fields(prefix: str) -> dict[str, Any]:
    """The form's fields with this prefix, each as what its column holds."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        if prefix + name in request.form:
            text = forms.words(prefix + name)
            found[name] = text.split() if name == "widget_origins" else text
    return found


def _render(
    me: Agent,
    typed: Mapping[str, Any] | None = None,
    *,
    conflicts: Collection[str] = (),
    errors: Mapping[str, Any] | None = None,
    secret: str | None = None,
) -> str:
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        known = identity.state(connection, me.project_id)
    return render_template(
        "settings/widget.html",
        me=me,
        project=project,
        values={**project, **(typed or {})},
        conflicts=conflicts,
        errors=errors or {},
        choices=CHOICES,
        secret=secret,
        known=known,
        placed=wiring().places.newest(me.project_id),
        tag=TAG.format(url=url_for("widget_page.loader", _external=True), key=project["key"]),
    )
