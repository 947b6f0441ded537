"""The tools' pages: what each tool is, the hosts that they may call, and one call to try it.

Owns their forms. Everybody reads them; only managers get the controls, and only managers' posts are done. A secret is
never in a page: its field is empty, and leaving it empty keeps the one that is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import tool_hosts, tools, workflows
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services, valid, wiring
from inbox.api.fields import check_json
from inbox.api.tool_forms import NO_ARGUMENTS, ToolBody, ToolHostBody, ToolTrialBody
from inbox.errors import Invalid, NotFound, StaleVersion, Unavailable
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.saying import words_of

blueprint = Blueprint("tools_page", __name__, url_prefix="/settings/tools")
TEXTS = ("name", "description", "url", "method", "header_name", "header_value", "parameters")
DEEPEST = 40  # levels of JSON; what is wrong with fewer is said better by the tool's own rules


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The project's tools and hosts."""
    return _list(me)


@blueprint.get("/new")
@page
def begin(me: Agent) -> ResponseReturnValue:
    """An empty form."""
    require_manager(me, tools.FOR_MANAGERS)
    return _form(me, {"method": "POST", "parameters": _as_text(NO_ARGUMENTS)})


@blueprint.post("")
@page
def create(me: Agent) -> ResponseReturnValue:
    """Make a tool; what cannot be saved is shown again as it was typed."""
    require_manager(me, tools.FOR_MANAGERS)
    try:
        given = valid(ToolBody, _given()).fields()
        with services().transaction() as writing:
            row = tools.create(writing.connection, me, given, wiring().workshop, wiring().sealer)
    except Invalid as error:
        return _form(me, _typed(), errors=_secret_lost() | _worded(error)), 422
    flash(gettext("“%(name)s” is there. Workflows may use it from now on.", name=row["name"]))
    return redirect(url_for("tools_page.edit", number=row["id"]))


@blueprint.get("/<int:number>")
@page
def edit(me: Agent, number: int) -> ResponseReturnValue:
    """One tool."""
    return _tool(me, bigint(str(number)))


@blueprint.post("/<int:number>")
@page
def save(me: Agent, number: int) -> ResponseReturnValue:
    """Save a tool, unless somebody else did since it was opened; nothing that was typed is lost but the secret."""
    require_manager(me, tools.FOR_MANAGERS)
    tool_id = bigint(str(number))
    try:
        given = valid(ToolBody, _given()).fields()
        with services().transaction() as writing:
            row = tools.edit(
                writing.connection, me, tool_id, given, wiring().workshop, wiring().sealer, seen=forms.seen()
            )
    except Invalid as error:
        return _tool(me, tool_id, _typed(), errors=_secret_lost() | _worded(error)), 422
    except StaleVersion:
        return _tool(me, tool_id, _typed(), overtaken=True, errors=_secret_lost()), 409
    except NotFound:
        return _form(me, _typed(), gone=True, errors=_secret_lost()), 409
    forms.saved(row)
    return redirect(url_for("tools_page.edit", number=tool_id))


@blueprint.post("/<int:number>/delete")
@page
def delete(me: Agent, number: int) -> ResponseReturnValue:
    """Forget a tool, unless somebody changed it since it was opened."""
    tool_id = bigint(str(number))

    def act() -> None:
        with services().transaction() as writing:
            tools.delete(writing.connection, me, tool_id, seen=forms.seen())

    at, back = url_for("tools_page.edit", number=tool_id), url_for("tools_page.show")
    return forms.forget(act, gettext("The tool and its secret are deleted."), at=at, back=back)


@blueprint.post("/<int:number>/try")
@page
def try_out(me: Agent, number: int) -> ResponseReturnValue:
    """Call the tool once, as it is saved, and show what it answered."""
    require_manager(me, tools.FOR_MANAGERS)
    tool_id, typed = bigint(str(number)), forms.words("arguments")
    try:
        wanted = valid(ToolTrialBody, {"arguments": _json(typed or "{}", "arguments")})
        with services().transaction() as writing:
            row = tools.to_try(writing.connection, me, tool_id)
        tried = wiring().workshop.try_tool(me.project_id, row["name"], wanted.arguments)
    except Invalid as error:
        return _tool(me, tool_id, arguments=typed, errors=_worded(error)), 422
    except Unavailable as error:
        return _tool(me, tool_id, arguments=typed, errors={"arguments": sentence_of(error)}), error.status
    return _tool(me, tool_id, arguments=typed, tried=tried)


@blueprint.post("/hosts")
@page
def add_host(me: Agent) -> ResponseReturnValue:
    """Allow a host."""
    require_manager(me, tools.FOR_MANAGERS)
    typed = request.form.get("host", "")
    try:
        wanted = valid(ToolHostBody, {"host": typed})
        with services().transaction() as writing:
            row = tool_hosts.add(writing.connection, me, wanted.host, wiring().workshop)
    except Invalid as error:
        return _list(me, host=typed, errors=_worded(error)), 422
    if not wiring().workshop.is_barred(row["host"]):
        flash(gettext("Tools may call %(host)s from now on.", host=row["host"]))
    return redirect(url_for("tools_page.show"))


@blueprint.post("/hosts/<int:number>/delete")
@page
def remove_host(me: Agent, number: int) -> ResponseReturnValue:
    """Allow a host no more."""
    host_id = bigint(str(number))
    try:
        with services().statement() as writing:
            host = tool_hosts.remove(writing.connection, me, host_id)
    except NotFound:
        flash(gettext("Somebody else had removed it already."))
        return redirect(url_for("tools_page.show"))
    flash(gettext("Tools may not call %(host)s any more.", host=host))
    return redirect(url_for("tools_page.show"))


def _worded(error: Invalid) -> dict[str, str]:
    """What is wrong by field, in the reader's language."""
    return {name: words_of(fault) for name, fault in error.extra["fields"].items()}


def _typed() -> dict[str, str]:
    """The form's fields but for the secret, which goes into no page."""
    return {**forms.typed(*TEXTS), "header_value": ""}


def _secret_lost() -> dict[str, str]:
    """The word that a secret which was typed is not in the form any more, or saving again would keep the old one."""
    if not request.form.get("header_value"):
        return {}
    return {"header_value": gettext("must be typed again; no page holds it")}


def _given() -> dict[str, Any]:
    """The form's fields as the API takes them. Raises Invalid for arguments that are no JSON."""
    typed = {**_typed(), "header_value": request.form.get("header_value", "")}
    schema = _json(typed.pop("parameters"), "parameters")
    header, secret = typed.pop("header_name") or None, typed.pop("header_value") or None
    return {**typed, "parameters": schema, "header_name": header, "header_value": secret}


def _json(text: str, name: str) -> Any:
    try:
        value = json.loads(text)
        check_json(value, DEEPEST)
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"Not valid: {name}.", fields={name: gettext("is no JSON: %(fault)s", fault=fault)}) from None
    return value


def _as_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _list(me: Agent, **more: Any) -> str:
    with services().reading() as connection:
        rows = tools.listed(connection, me.project_id, limit=tools.MOST_TOOLS)
        known = tool_hosts.listed(connection, me.project_id)
        found = workflows.current(connection, me.project_id)
    used = tools.named_in(found["definition"] if found else {})
    hosts = [{**host, "barred": wiring().workshop.is_barred(host["host"])} for host in known]
    allowed = {host["host"] for host in hosts}
    listed = [{**row, "host": tools.host_of(row["url"])} for row in rows]
    return render_template("settings/tools.html", me=me, rows=listed, hosts=hosts, allowed=allowed, used=used, **more)


def _form(me: Agent, typed: Mapping[str, str], **more: Any) -> str:
    return render_template("settings/tool.html", me=me, row=None, values=typed, **more)


def _tool(me: Agent, tool_id: int, typed: Mapping[str, str] | None = None, **more: Any) -> str:
    with services().reading() as connection:
        row = tools.find(connection, me.project_id, tool_id)
        found = workflows.current(connection, me.project_id)
    values = {**row, "parameters": _as_text(row["parameters"]), "header_value": "", **(typed or {})}
    properties = row["parameters"].get("properties") or {}
    more.setdefault("arguments", _as_text(dict.fromkeys(properties, "")))
    more["barred"] = wiring().workshop.is_barred(tools.host_of(row["url"]))
    used = row["name"] in tools.named_in(found["definition"] if found else {})
    return render_template("settings/tool.html", me=me, row=row, values=values, used=used, **more)
