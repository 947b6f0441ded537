"""The routes of webhooks: everybody reads them and their log, managers change them and send once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request

from inbox import deliveries, representation, webhooks
from inbox.access import Agent
from inbox.api.answering import answer, created, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services, wiring
from inbox.api.paging import before_id, limit
from inbox.api.program_bodies import WebhookBody, WebhookChangesBody
from inbox.api.schemas import NothingBody
from inbox.errors import Invalid
from inbox.events import place
from inbox.services import Writing
from inbox.tokens import new_token

blueprint = Blueprint("webhooks", __name__, url_prefix="/api/v1/webhooks")


@blueprint.get("")
@agent_route
def list_webhooks(who: Agent) -> Response:
    """The project's webhooks, newest first."""
    query("cursor", "limit")
    most, before = limit(), before_id()
    with services().reading() as connection:
        rows = webhooks.listed(connection, who.project_id, before=before, limit=most + 1)
    return paged(rows, most, representation.webhook)


@blueprint.post("")
@agent_route
def create(who: Agent) -> Response:
    """A new webhook, told of what happens from now on; managers only. Its secret is told this once."""
    wanted = body(WebhookBody).model_dump()
    place(services().database)  # what was committed before is behind the position that it begins with

    def act(writing: Writing) -> dict[str, Any]:
        seed = new_token()
        return {"seed": seed, **representation.webhook(webhooks.create(writing.connection, who, wanted, sealed(seed)))}

    return created("webhooks", act, shown=_with_secret)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One webhook with its ETag."""
    query()
    with services().reading() as connection:
        row = webhooks.find(connection, who.project_id, bigint(number))
    return answer(representation.webhook(row), version=row["version"])


@blueprint.patch("/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set what is given; managers only. Switched on again it is told what happened meanwhile, up to seven days back."""
    webhook_id = bigint(number)
    changes = body(WebhookChangesBody).changes()
    with services().statement() as writing:
        row = webhooks.edit(writing.connection, who, webhook_id, changes, seen=seen_versions())
    return answer(representation.webhook(row), version=row["version"])


@blueprint.delete("/<number>")
@agent_route
def delete(who: Agent, number: str) -> Response:
    """Forget it and its log; managers only."""
    webhook_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        webhooks.delete(writing.connection, who, webhook_id, seen=seen_versions())
    return Response(status=204)


@blueprint.post("/<number>/rotate")
@agent_route
def rotate(who: Agent, number: str) -> Response:
    """A new secret, told this once; managers only. For 24 hours the one before signs as well."""
    webhook_id = bigint(number)
    body(NothingBody)

    def act(writing: Writing) -> dict[str, Any]:
        seed = new_token()
        row = webhooks.rotate(writing.connection, who, webhook_id, sealed(seed))
        return {"seed": seed, **representation.webhook(row)}

    return created(f"webhooks:{webhook_id}:rotate", act, shown=_with_secret)


@blueprint.post("/<number>/test")
@agent_route
def send_test(who: Agent, number: str) -> Response:
    """Send an event of the kind `webhook.test`; managers only. How it went is in the log."""
    webhook_id = bigint(number)
    body(NothingBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.delivery(deliveries.send_test(writing.connection, who, webhook_id))

    return created(f"webhooks:{webhook_id}:test", act)


@blueprint.get("/<number>/deliveries")
@agent_route
def list_deliveries(who: Agent, number: str) -> Response:
    """What was sent and what came back, newest first; kept for 14 days."""
    query("state", "cursor", "limit")
    most, before, webhook_id, state = limit(), before_id(), bigint(number), _state()
    with services().reading() as connection:
        webhooks.find(connection, who.project_id, webhook_id)
        rows = deliveries.listed(connection, webhook_id, state=state, before=before, limit=most + 1)
    return paged(rows, most, representation.delivery)


@blueprint.get("/<number>/deliveries/<delivery>")
@agent_route
def show_delivery(who: Agent, number: str, delivery: str) -> Response:
    """One delivery."""
    query()
    with services().reading() as connection:
        row = deliveries.find(connection, who.project_id, bigint(number), bigint(delivery))
    return answer(representation.delivery(row))


@blueprint.post("/<number>/deliveries/<delivery>/replay")
@agent_route
def replay(who: Agent, number: str, delivery: str) -> Response:
    """Send it once more, under the same id; managers only."""
    webhook_id, delivery_id = bigint(number), bigint(delivery)
    body(NothingBody)
    with services().statement() as writing:
        row = deliveries.replay(writing.connection, who, webhook_id, delivery_id)
    return answer(representation.delivery(row))


@blueprint.post("/<number>/replay-failed")
@agent_route
def replay_failed(who: Agent, number: str) -> Response:
    """Send everything once more that was given up; managers only."""
    webhook_id = bigint(number)
    body(NothingBody)
    with services().reading() as connection:
        webhooks.find(connection, who.project_id, webhook_id)
    with services().statement() as writing:
        return answer({"replayed": deliveries.replay_failed(writing.connection, who, webhook_id)})


def sealed(seed: str) -> bytes:
    """The secret that belongs to a seed, as it may be stored."""
    return wiring().sealer.seal(secret_of(seed))


def secret_of(seed: str) -> str:
    """The secret that belongs to a seed."""
    return webhooks.secret_of(seed, str(current_app.secret_key))


def _with_secret(kept: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in kept.items() if name != "seed"}, "secret": secret_of(kept["seed"])}


def _state() -> str | None:
    given = request.args.get("state")
    if given is None or given in deliveries.STATES:
        return given
    raise Invalid("Not valid: state.", fields={"state": f"must be one of {', '.join(deliveries.STATES)}"})
