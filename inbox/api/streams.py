"""The two event streams and the short-lived tokens that an EventSource may carry in its address."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from inbox import access
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import agent_route, bearer, body, query, services, visitor_route, wiring
from inbox.api.schemas import NothingBody
from inbox.crowd import NOBODYS, Whose
from inbox.errors import Invalid, Unauthorized
from inbox.events import Scope
from inbox.hub import TAKE_OVER
from inbox.limits import streams_of
from inbox.tokens import digest
from inbox.visiting import Visit, who

blueprint = Blueprint("streams", __name__, url_prefix="/api/v1")
TOKEN_SECONDS = 60


@blueprint.post("/events/token")
@agent_route
def agent_token(asking: Agent) -> Response:
    """A token for `GET /events?token=`, good for a minute."""
    body(NothingBody)
    named = ["agent", asking.project_id, asking.id, digest(bearer() or "").hex()]
    return answer({"token": _signer().dumps(named), "expires_in": TOKEN_SECONDS}, 201)


@blueprint.post("/widget/events/token")
@visitor_route
def visitor_token(visit: Visit) -> Response:
    """A token for `GET /widget/events?token=`, good for a minute."""
    body(NothingBody)
    signed = _signer().dumps(["visitor", visit.project_id, visit.conversation_id, ""])
    return answer({"token": signed, "expires_in": TOKEN_SECONDS}, 201)


@blueprint.get("/events")
def agent_events() -> Response:
    """Everything in the project, in commit order, as long as the API token stands that it was asked for with."""
    query("token")
    if "token" in request.args:
        project_id, agent_id, token_hash = _short_lived("agent")
    else:
        token = bearer()
        with services().reading() as connection:
            found = access.by_token(connection, token) if token else None
        if found is None or token is None:
            raise Unauthorized("Send an API token as `Authorization: Bearer …`.")
        project_id, agent_id, token_hash = found.project_id, found.id, digest(token)

    def still_here() -> bool:
        with services().reading() as connection:
            stays = access.still_stands(connection, token_hash)
        if stays:
            wiring().presence.beat(project_id, agent_id)
        return stays

    return stream(Scope(project_id), still_here)


@blueprint.get("/widget/events")
def visitor_events() -> Response:
    """The visitor's own conversation: public messages, whether a turn is live; where asked also how it stands."""
    query("token", "with")
    whole = request.args.get("with") == "conversation"
    if "with" in request.args and not whole:
        raise Invalid("Not valid: with.", fields={"with": "can only be conversation"})
    if "token" in request.args:
        project_id, conversation_id, _ = _short_lived("visitor")
        g.visit_project = project_id
        return stream(Scope(project_id, conversation_id, whole=whole), whose=streams_of(conversation_id))
    token = bearer()
    with services().reading() as connection:
        visit = who(connection, token) if token else None
    if visit is None:
        raise Unauthorized("Send the visitor's token as `Authorization: Bearer …`.")
    g.visit_project = visit.project_id
    return stream(Scope(visit.project_id, visit.conversation_id, whole=whole), whose=streams_of(visit.conversation_id))


def stream(scope: Scope, stays: Callable[[], bool] | None = None, whose: Whose = NOBODYS) -> Response:
    """An open stream; its start, and that not too many of theirs are open, is checked before the first byte.

    `stays` is called again and again as long as it is open; once it is False, the reader may read no more. It may ask
    for the application, not for the request, which is not kept for as long as the stream lasts.
    """
    hub = wiring().hub
    listener = hub.open(scope, request.headers.get("Last-Event-ID"), stays and _outside_a_request(stays), whose)
    take_over = request.environ.get(TAKE_OVER)
    if take_over is None or request.method == "HEAD":
        response = Response(hub.pulled(listener), mimetype="text/event-stream")
    else:
        take_over(hub, listener)
        response = Response(iter(()), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _outside_a_request(stays: Callable[[], bool]) -> Callable[[], bool]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own

    def asked() -> bool:
        with app.app_context():
            return stays()

    return asked


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="event stream")


def _short_lived(kind: str) -> tuple[int, int, bytes]:
    try:
        said, first, second, token_hash = _signer().loads(request.args["token"], max_age=TOKEN_SECONDS)
    except (BadSignature, ValueError, TypeError):
        raise Unauthorized(
            "`?token=` takes the short-lived token of POST …/events/token; this one is none, or has expired."
        ) from None
    if said != kind:
        raise Unauthorized("This token is for the other event stream.")
    return int(first), int(second), bytes.fromhex(token_hash)
