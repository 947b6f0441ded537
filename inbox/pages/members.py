"""The team's page: members and their roles, invitations, and whether a second factor is asked of everybody.

Owns its forms. Everybody sees who is in the team; only managers get the controls, and only managers' posts are done.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import assigning, invitations, reading, sessions, team
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services, valid, wiring
from inbox.api.schemas import LARGEST_CAPACITY
from inbox.api.team_schemas import InvitationBody, MemberBody
from inbox.errors import Invalid, LastManager, NotFound
from inbox.language import sentence_of
from inbox.pages.browser_session import page, session_token
from inbox.tokens import new_token

blueprint = Blueprint("members_page", __name__)
SHOWN = 200


@blueprint.get("/settings/members")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The team."""
    return _page(me)


@blueprint.post("/settings/members/<int:number>/role")
@page
def set_role(me: Agent, number: int) -> ResponseReturnValue:
    """Make somebody a manager or an agent."""
    require_manager(me, team.FOR_MANAGERS)
    agent_id, wanted = bigint(str(number)), valid(MemberBody, {"role": request.form.get("role", "")})
    try:
        with services().statement() as writing:
            team.set_role(writing.connection, me, agent_id, wanted.role)
            row = team.member(writing.connection, me.project_id, agent_id)
    except LastManager as error:
        return _page(me, refused=sentence_of(error)), 409
    said = {"manager": gettext("%(name)s is a manager now."), "agent": gettext("%(name)s is an agent now.")}
    flash(said[row["role"]] % {"name": row["name"]})
    return redirect(url_for("members_page.show"))


@blueprint.post("/settings/members/<int:number>/capacity")
@page
def set_capacity(me: Agent, number: int) -> ResponseReturnValue:
    """Up to how many open conversations the rule gives somebody; nothing typed is the project's number."""
    require_manager(me, team.FOR_MANAGERS)
    typed = request.form.get("capacity", "").strip()
    if not (typed == "" or (typed.isascii() and typed.isdecimal() and int(typed[:9]) <= LARGEST_CAPACITY)):
        words = gettext("Give a whole number up to %(most)s, or nothing.", most=LARGEST_CAPACITY)
        return _page(me, refused=words), 422
    with services().statement() as writing:
        assigning.set_capacity(writing.connection, me, bigint(str(number)), int(typed[:9]) if typed else None)
    flash(gettext("Saved."))
    return redirect(url_for("members_page.show"))


@blueprint.post("/settings/members/<int:number>/remove")
@page
def remove(me: Agent, number: int) -> ResponseReturnValue:
    """Take somebody out of the team."""
    try:
        with services().transaction() as writing:
            team.remove(writing.connection, me, bigint(str(number)))
    except LastManager as error:
        return _page(me, refused=sentence_of(error)), 409
    wiring().hub.wake()
    flash(gettext("They are out of the team. What they had is unassigned."))
    return redirect(url_for("members_page.show"))


@blueprint.post("/settings/members/second-factor")
@page
def require_second_factor(me: Agent) -> ResponseReturnValue:
    """Whether everybody needs a second factor."""
    with services().statement() as writing:
        team.require_second_factor(writing.connection, me, request.form.get("required") == "yes")
    flash(gettext("Saved."))
    return redirect(url_for("members_page.show"))


@blueprint.post("/settings/members/invite")
@page
def invite(me: Agent) -> ResponseReturnValue:
    """Make an invitation and show its link, this once."""
    require_manager(me, team.FOR_MANAGERS)
    typed = {"email": request.form.get("email", "").strip(), "role": request.form.get("role", "agent")}
    token = new_token()
    try:
        wanted = valid(InvitationBody, typed)
        with services().statement() as writing:
            row = invitations.invite(writing.connection, me, wanted.email, wanted.role, token=token)
    except Invalid:
        return _page(me, typed=typed, wrong=gettext("This is no e-mail address.")), 422
    link = url_for("joining.look", token=token, _external=True)
    return _page(me, made={"email": row["email"], "link": link, "expires_at": row["expires_at"]})


@blueprint.post("/settings/members/invitations/<int:number>/revoke")
@page
def revoke(me: Agent, number: int) -> ResponseReturnValue:
    """Take an invitation back."""
    with services().statement() as writing:
        invitations.revoke(writing.connection, me, bigint(str(number)))
    flash(gettext("The invitation is revoked; its link opens nothing any more."))
    return redirect(url_for("members_page.show"))


@blueprint.post("/account/project")
@page
def switch(me: Agent) -> ResponseReturnValue:
    """Go on in another project of mine, or in one that I make."""
    if request.form.get("project") == "new":
        return redirect(url_for("founding.begin"))
    try:
        with services().statement() as writing:
            sessions.switch(writing.connection, me.id, session_token(), bigint(request.form.get("project", "")))
    except NotFound:
        flash(gettext("You are not a member of that project any more."))
    return redirect(_wanted())


def _wanted() -> str:
    """Where they go on: the conversation that led them there, or the inbox."""
    number, at = request.form.get("conversation", ""), request.form.get("at") or None
    return url_for("pages.conversation", number=bigint(number), at=at) if number else url_for("pages.inbox")


def _page(me: Agent, **more: Any) -> str:
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        rows = team.members(connection, me.project_id, limit=SHOWN)
        invited = invitations.listed(connection, me.project_id) if me.is_manager else []
    here = wiring().presence.here(me.project_id)
    return render_template(
        "settings/members.html",
        me=me,
        project=project,
        rows=rows,
        invited=invited,
        here=here,
        days=invitations.DAYS,
        **{"typed": {}, **more},
    )
