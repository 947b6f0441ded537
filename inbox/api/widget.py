"""The visitors' routes: a session, messages, and their event stream."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request

from inbox import reading, representation, visiting
from inbox.api.answering import created, listed
from inbox.api.asking import Visit, after, body, limit, query, services, visitor_route, wiring
from inbox.api.schemas import NothingBody, SessionBody, VisitorMessageBody
from inbox.limits import limited_messages, limited_sessions, limited_typing
from inbox.services import Writing
from inbox.tokens import new_token, token_of

blueprint = Blueprint("widget", __name__, url_prefix="/api/v1/widget")


@blueprint.post("/sessions")
@limited_sessions
def start_session() -> Response:
    """A token and an empty open conversation."""
    wanted = body(SessionBody)

    def act(writing: Writing) -> dict[str, Any]:
        seed, said = new_token(), wanted.visitor.model_dump()
        session = visiting.start_session(
            writing.connection, key=wanted.project_key, visitor=said, token=_token_of(seed)
        )
        return {"seed": seed, "conversation_id": session.conversation_id}

    # Nobody is known yet: the address keeps strangers who use the same key apart. What is kept for a repetition is
    # the seed; the token itself is stored nowhere.
    scope = f"project:{wanted.project_key}:{request.remote_addr}"
    return created("sessions", act, scope=scope, shown=_with_token)


@blueprint.post("/messages")
@limited_messages
@visitor_route
def send_message(visit: Visit) -> Response:
    """Store a message; it is acknowledged in every case, and answered where the responder is to."""
    content = body(VisitorMessageBody).content

    def act(writing: Writing) -> dict[str, Any]:
        online = visit.answers_when == "no_agent_online" and bool(wiring().presence.here(visit.project_id))
        received = visiting.receive(writing.connection, visit, content, agent_online=online)
        writing.start_turn(received.turn_id, visit.project_id)
        return representation.message_for_visitor(received.message)

    return created("messages", act)


@blueprint.post("/typing")
@limited_typing
@visitor_route
def typing(visit: Visit) -> Response:
    """The visitor is typing: the agents who have the conversation open see it for some seconds. Nothing is stored."""
    body(NothingBody)
    wiring().company.visitor_types(visit.project_id, visit.conversation_id)
    return Response(status=204)


@blueprint.get("/messages")
@visitor_route
def list_messages(visit: Visit) -> Response:
    """Public messages after an id, oldest first."""
    query("after", "cursor", "limit")
    most, start = limit(), after()
    with services().reading() as connection:
        rows = reading.messages(connection, visit.conversation_id, after=start, limit=most + 1, public_only=True)
    return listed([representation.message_for_visitor(row) for row in rows[:most]], _next(rows, most))


def _with_token(kept: dict[str, Any]) -> dict[str, Any]:
    return {"token": _token_of(kept["seed"]), "conversation_id": kept["conversation_id"]}


def _token_of(seed: str) -> str:
    return token_of(seed, str(current_app.secret_key))


def _next(rows: list[reading.Row], most: int) -> str | None:
    return str(rows[most - 1]["id"]) if len(rows) > most else None
