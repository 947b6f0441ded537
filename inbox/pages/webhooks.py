"""The webhooks' pages: make one, edit, test and rotate it, and its log with what was sent and what came back.

Owns their forms. Everybody reads them; only managers get the controls, and only managers' posts are done. A secret is
shown in the answer to the very post that made it, and on no other page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import deliveries, webhooks
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services, valid, wiring
from inbox.api.paging import before_id, cursor_behind
from inbox.api.program_bodies import WebhookBody, WebhookChangesBody
from inbox.api.webhooks import sealed, secret_of
from inbox.errors import Invalid, NotFound, StaleVersion
from inbox.events import place
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.pages.call_words import is_barred
from inbox.tokens import new_token

blueprint = Blueprint("webhooks_page", __name__, url_prefix="/settings/webhooks")
LISTED = 50


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The project's webhooks, newest first."""
    with services().reading() as connection:
        rows = webhooks.listed(connection, me.project_id, limit=webhooks.MOST_ENDPOINTS)
    return render_template("settings/webhooks.html", me=me, rows=rows)


@blueprint.get("/new")
@page
def begin(me: Agent) -> ResponseReturnValue:
    """An empty form."""
    require_manager(me, webhooks.FOR_MANAGERS)
    return _form(me, {"url": "", "description": "", "events": list(webhooks.KINDS)})


@blueprint.post("")
@page
def create(me: Agent) -> ResponseReturnValue:
    """Make a webhook and show its secret, this once."""
    require_manager(me, webhooks.FOR_MANAGERS)
    typed, seed = _typed(), new_token()
    place(services().database)
    try:
        wanted = valid(WebhookBody, typed).model_dump()
        with services().statement() as writing:
            row = webhooks.create(writing.connection, me, wanted, sealed(seed))
    except Invalid as error:
        return _form(me, typed, errors=_faults(error)), 422
    return _webhook(me, row["id"], secret=secret_of(seed))


@blueprint.get("/<int:number>")
@page
def edit(me: Agent, number: int) -> ResponseReturnValue:
    """One webhook with its log."""
    return _webhook(me, bigint(str(number)))


@blueprint.post("/<int:number>")
@page
def save(me: Agent, number: int) -> ResponseReturnValue:
    """Save it, unless somebody else did since it was opened; nothing that was typed is lost."""
    require_manager(me, webhooks.FOR_MANAGERS)
    webhook_id = bigint(str(number))
    typed = {**_typed(), "enabled": request.form.get("enabled") == "yes"}
    try:
        changes = valid(WebhookChangesBody, typed).changes()
        with services().statement() as writing:
            row = webhooks.edit(writing.connection, me, webhook_id, changes, seen=forms.seen())
    except Invalid as error:
        return _webhook(me, webhook_id, typed, errors=_faults(error)), 422
    except StaleVersion:
        return _webhook(me, webhook_id, typed, overtaken=True), 409
    except NotFound:
        return _form(me, typed, gone=True), 409
    forms.saved(row)
    return redirect(url_for("webhooks_page.edit", number=webhook_id))


@blueprint.post("/<int:number>/delete")
@page
def delete(me: Agent, number: int) -> ResponseReturnValue:
    """Forget it and its log, unless somebody changed it since it was opened."""
    webhook_id = bigint(str(number))

    def act() -> None:
        with services().statement() as writing:
            webhooks.delete(writing.connection, me, webhook_id, seen=forms.seen())

    at, back = url_for("webhooks_page.edit", number=webhook_id), url_for("webhooks_page.show")
    return forms.forget(act, gettext("The webhook is deleted."), at=at, back=back)


@blueprint.post("/<int:number>/rotate")
@page
def rotate(me: Agent, number: int) -> ResponseReturnValue:
    """A new secret, shown this once."""
    webhook_id, seed = bigint(str(number)), new_token()
    with services().statement() as writing:
        webhooks.rotate(writing.connection, me, webhook_id, sealed(seed))
    return _webhook(me, webhook_id, secret=secret_of(seed))


@blueprint.post("/<int:number>/test")
@page
def send_test(me: Agent, number: int) -> ResponseReturnValue:
    """Send an event that means nothing."""
    webhook_id = bigint(str(number))
    with services().statement() as writing:
        deliveries.send_test(writing.connection, me, webhook_id)
    _say(me, webhook_id, gettext("A test event is on its way. How it goes is in the log."))
    return redirect(url_for("webhooks_page.edit", number=webhook_id) + "#log")


@blueprint.get("/<int:number>/deliveries/<int:delivery>")
@page
def show_delivery(me: Agent, number: int, delivery: int) -> ResponseReturnValue:
    """What was sent, and every attempt with what came back."""
    with services().reading() as connection:
        hook = webhooks.find(connection, me.project_id, bigint(str(number)))
        row = deliveries.find(connection, me.project_id, hook["id"], bigint(str(delivery)))
    return render_template("settings/delivery.html", me=me, hook=hook, row=row)


@blueprint.post("/<int:number>/deliveries/<int:delivery>/replay")
@page
def replay(me: Agent, number: int, delivery: int) -> ResponseReturnValue:
    """Send it once more."""
    webhook_id, delivery_id = bigint(str(number)), bigint(str(delivery))
    with services().statement() as writing:
        deliveries.replay(writing.connection, me, webhook_id, delivery_id)
    _say(me, webhook_id, gettext("It is sent once more, under the same id."))
    return redirect(url_for("webhooks_page.show_delivery", number=webhook_id, delivery=delivery_id))


@blueprint.post("/<int:number>/replay-failed")
@page
def replay_failed(me: Agent, number: int) -> ResponseReturnValue:
    """Send everything once more that was given up."""
    webhook_id = bigint(str(number))
    with services().reading() as connection:
        webhooks.find(connection, me.project_id, webhook_id)
    with services().statement() as writing:
        many = deliveries.replay_failed(writing.connection, me, webhook_id)
    _say(me, webhook_id, gettext("Sent once more: %(many)s.", many=many))
    return redirect(url_for("webhooks_page.edit", number=webhook_id) + "#log")


def _say(me: Agent, webhook_id: int, words: str) -> None:
    """That something is sent; to a webhook that is switched off it only waits."""
    with services().reading() as connection:
        is_on = webhooks.find(connection, me.project_id, webhook_id)["enabled"]
    flash(words if is_on else gettext("It waits until this webhook is switched on again."))


def _is_barred(url: str, log: Sequence[Mapping[Any, Any]]) -> bool:
    """Whether nothing is sent there for where it leads: as its address says, or as the newest attempt found out."""
    tries = log[0]["tries"] if log else []
    return wiring().workshop.is_barred(urlsplit(url).hostname or "") or bool(tries and is_barred(tries[-1]["fault"]))


def _typed() -> dict[str, Any]:
    return {**forms.typed("url", "description"), "events": request.form.getlist("events")}


def _faults(error: Invalid) -> dict[str, str]:
    known = {
        "url": gettext("Give an address that begins with https://, without a name or password in it."),
        "description": gettext("Give at most 200 characters."),
        "events": gettext("Choose at least one kind of event."),
    }
    faults = {name.partition(".")[0]: fault for name, fault in error.extra["fields"].items()}
    return {name: known.get(name, fault) for name, fault in faults.items()} or {"url": sentence_of(error)}


def _form(me: Agent, typed: Mapping[str, Any], **more: Any) -> str:
    return render_template(
        "settings/webhook.html",
        me=me,
        row=None,
        values=typed,
        kinds=webhooks.KINDS,
        private_networks=wiring().settings.private_networks,
        **more,
    )


def _webhook(me: Agent, webhook_id: int, typed: Mapping[str, Any] | None = None, **more: Any) -> str:
    state = request.args.get("state")
    state = state if state in deliveries.STATES else None
    before = before_id() if request.method == "GET" else None
    with services().reading() as connection:
        row = webhooks.find(connection, me.project_id, webhook_id)
        log = deliveries.listed(connection, webhook_id, state=state, before=before, limit=LISTED + 1)
    return render_template(
        "settings/webhook.html",
        me=me,
        row=row,
        values={**row, **(typed or {})},
        kinds=webhooks.KINDS,
        private_networks=wiring().settings.private_networks,
        barred=_is_barred(row["url"], log),
        log=log[:LISTED],
        state=state,
        states=deliveries.STATES,
        older=cursor_behind(log, LISTED),
        **more,
    )
