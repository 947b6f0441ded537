"""The routes for the team: members, their roles, invitations. Everybody sees the members, managers change them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, url_for

from inbox import invitations, representation, team
from inbox.access import Agent, require_manager
from inbox.api.answering import answer, ascending, created, paged
from inbox.api.asking import agent_route, bigint, body, query, services
from inbox.api.paging import after, before_id, limit
from inbox.api.schemas import NothingBody
from inbox.api.team_schemas import InvitationBody, MemberBody
from inbox.services import Writing
from inbox.tokens import new_token, token_of

blueprint = Blueprint("members", __name__, url_prefix="/api/v1")


@blueprint.get("/members")
@agent_route
def list_members(who: Agent) -> Response:
    """The members by their ids."""
    query("after", "cursor", "limit")
    most, start = limit(), after()
    with services().reading() as connection:
        rows = team.members(connection, who.project_id, after=start, limit=most + 1)
    return ascending(rows, most, representation.member)


@blueprint.get("/members/<number>")
@agent_route
def show_member(who: Agent, number: str) -> Response:
    """One member."""
    query()
    with services().reading() as connection:
        return answer(representation.member(team.member(connection, who.project_id, bigint(number))))


@blueprint.patch("/members/<number>")
@agent_route
def set_role(who: Agent, number: str) -> Response:
    """Make a member a manager or an agent; managers only. The last manager stays one: 409."""
    agent_id = bigint(number)
    wanted = body(MemberBody)
    with services().statement() as writing:
        team.set_role(writing.connection, who, agent_id, wanted.role)
        row = team.member(writing.connection, who.project_id, agent_id)
    return answer(representation.member(row))


@blueprint.delete("/members/<number>")
@agent_route
def remove(who: Agent, number: str) -> Response:
    """Take a member out; managers only. Their sessions and tokens end at once, their conversations are unassigned."""
    agent_id = bigint(number)
    body(NothingBody)
    with services().transaction() as writing:
        team.remove(writing.connection, who, agent_id)
    return Response(status=204)


@blueprint.get("/invitations")
@agent_route
def list_invitations(who: Agent) -> Response:
    """What is open, newest first; managers only. The links are told once, when they are made."""
    query("cursor", "limit")
    require_manager(who, team.FOR_MANAGERS)
    most = limit()
    with services().reading() as connection:
        rows = invitations.listed(connection, who.project_id, before=before_id(), limit=most + 1)
    return paged(rows, most, representation.invitation)


@blueprint.post("/invitations")
@agent_route
def invite(who: Agent) -> Response:
    """Invite an address; managers only. `link` is told this once; an older one to the same address ends."""
    wanted = body(InvitationBody)

    def act(writing: Writing) -> dict[str, Any]:
        seed = new_token()
        row = invitations.invite(writing.connection, who, wanted.email, wanted.role, token=_token_of(seed))
        return {**representation.invitation(row), "seed": seed}

    return created("invitations", act, shown=_with_link)


@blueprint.delete("/invitations/<number>")
@agent_route
def revoke(who: Agent, number: str) -> Response:
    """Take an invitation back; managers only."""
    invitation_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        invitations.revoke(writing.connection, who, invitation_id)
    return Response(status=204)


def _with_link(kept: dict[str, Any]) -> dict[str, Any]:
    """What is kept for a repetition is the seed; the token itself is stored nowhere."""
    shown = {name: value for name, value in kept.items() if name != "seed"}
    return {**shown, "link": url_for("joining.look", token=_token_of(kept["seed"]), _external=True)}


def _token_of(seed: str) -> str:
    return token_of(seed, str(current_app.secret_key))
