"""The routes for a project's identity secret: made, replaced, ended. It is told once and kept sealed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from inbox import identity, representation
from inbox.access import Agent
from inbox.api.answering import answer, created
from inbox.api.asking import agent_route, body, query, services, wiring
from inbox.api.schemas import NothingBody
from inbox.services import Writing
from inbox.tokens import new_token, token_of

blueprint = Blueprint("identity", __name__, url_prefix="/api/v1/project/identity-secret")


@blueprint.get("")
@agent_route
def show(who: Agent) -> Response:
    """Whether there is a secret, who made it, and when. Never the secret."""
    query()
    with services().reading() as connection:
        found = identity.state(connection, who.project_id)
    return answer(_state(found))


@blueprint.post("")
@agent_route
def rotate(who: Agent) -> Response:
    """A new secret, told this once; the one before is good for a day more. Managers only."""
    body(NothingBody)

    def act(writing: Writing) -> dict[str, Any]:
        seed = new_token()
        identity.rotate(writing.connection, who, wiring().sealer, secret_of(seed))
        return {"seed": seed}

    return created("identity-secret", act, shown=lambda kept: {"secret": secret_of(kept["seed"])})


@blueprint.delete("")
@agent_route
def revoke(who: Agent) -> Response:
    """End every secret at once. Managers only."""
    query()
    with services().statement() as writing:
        identity.revoke(writing.connection, who)
    return Response(status=204)


def secret_of(seed: str) -> str:
    """The secret that is made from a seed; the seed is what may be kept to say it again."""
    return token_of(seed, "identity " + str(current_app.secret_key))


def _state(found: Any) -> dict[str, Any]:
    moments = {name: representation.moment(found[name]) if found else None for name in ("created_at", "previous_until")}
    return {"exists": found is not None, "made_by": found["made_by"] if found else None, **moments}
