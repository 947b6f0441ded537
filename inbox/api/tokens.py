"""The routes of API tokens: an agent's own, in the project of the token that asks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from inbox import agent_tokens, representation
from inbox.access import Agent
from inbox.api.answering import created, paged
from inbox.api.asking import agent_route, bigint, body, query, services
from inbox.api.paging import before_id, limit
from inbox.api.program_bodies import TokenBody
from inbox.api.schemas import NothingBody
from inbox.services import Writing
from inbox.tokens import new_token, token_of

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens")


@blueprint.get("")
@agent_route
def list_tokens(who: Agent) -> Response:
    """Your own tokens in this project, newest first. The tokens themselves are told once, when they are made."""
    query("cursor", "limit")
    most, before = limit(), before_id()
    with services().reading() as connection:
        rows = agent_tokens.listed(connection, who, before=before, limit=most + 1)
    return paged(rows, most, representation.token)


@blueprint.post("")
@agent_route
def create(who: Agent) -> Response:
    """A new token of yours, told this once. Needs a token with the scope full."""
    wanted = body(TokenBody)

    def act(writing: Writing) -> dict[str, Any]:
        seed = new_token()
        made = agent_tokens.create(writing.connection, who, token_from(seed), **wanted.model_dump())
        return {"seed": seed, **representation.token(made)}

    return created("tokens", act, shown=with_token)


@blueprint.delete("/<number>")
@agent_route
def revoke(who: Agent, number: str) -> Response:
    """End it at once. Needs a token with the scope full."""
    token_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        agent_tokens.revoke(writing.connection, who, token_id)
    return Response(status=204)


def token_from(seed: str) -> str:
    """The token that belongs to a seed: what is kept for a repetition is the seed, the token is stored nowhere."""
    return token_of(seed, str(current_app.secret_key))


def with_token(kept: dict[str, Any]) -> dict[str, Any]:
    """What is told of what is kept: the token in the place of its seed."""
    return {**{name: value for name, value in kept.items() if name != "seed"}, "token": token_from(kept["seed"])}
