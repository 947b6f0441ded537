"""The visitors' routes: a session, messages, and their event stream."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, g, request

from inbox import identity, person_asked, ratings, reading, receiving, representation, visiting, visitor_view
from inbox.api.answering import answer, ascending, asked_once, created, told
from inbox.api.asking import body, query, services, visitor_route, visitor_scope, visitor_token_route, wiring
from inbox.api.paging import after, limit
from inbox.api.schemas import (
    NothingBody,
    RatingBody,
    SeenBody,
    SessionBody,
    VisitorBody,
    VisitorChangesBody,
    VisitorMessageBody,
)
from inbox.colour import ink_on
from inbox.errors import Invalid, NotFound
from inbox.limits import limited_messages, limited_sessions, limited_typing
from inbox.services import Writing
from inbox.tokens import new_token, token_of
from inbox.visiting import Visit

blueprint = Blueprint("widget", __name__, url_prefix="/api/v1/widget")


@blueprint.get("/look")
def look() -> Response:
    """How the widget of a project looks, for the script that puts it on a page."""
    query("project_key")
    key = request.args.get("project_key", "")
    g.visit_key = key
    with services().reading() as connection:
        project = reading.project_by_key(connection, key)
    if project is None:
        raise NotFound("There is no project with this key.")
    wiring().places.ask(project["id"], request.headers.get("Origin", ""), project["widget_origins"])
    return answer(look_of(project))


@blueprint.post("/sessions")
@limited_sessions
def start_session() -> Response:
    """A token and an empty open conversation; with a signed identity the one that this person had last."""
    wanted = body(SessionBody)
    g.visit_key = wanted.project_key

    def act(writing: Writing) -> dict[str, Any]:
        visitor = wanted.visitor or VisitorBody()
        seed, said, signed = new_token(), visitor.model_dump(), visitor.identity
        if signed is not None:  # what is signed counts, and what is said beside it does not
            said = asdict(identity.verify(writing.connection, wiring().sealer, wanted.project_key, signed))
        session = visiting.start_session(
            writing.connection,
            key=wanted.project_key,
            visitor=said,
            token=_token_of(seed),
            verified=signed is not None,
        )
        return {"seed": seed, "conversation_id": session.conversation_id}

    # Nobody is known yet: the address keeps strangers who use the same key apart. What is kept for a repetition is
    # the seed; the token itself is stored nowhere.
    scope = f"project:{wanted.project_key}:{request.remote_addr}"
    return created("sessions", act, scope=scope, shown=_with_token)


@blueprint.post("/messages")
@limited_messages
@visitor_token_route
def send_message(token: str) -> Response:
    """Store a message; it is acknowledged in every case, and answered where the responder is to."""
    wanted = body(VisitorMessageBody)
    asked = asked_once(f"{visitor_scope(token)}:messages")
    said = receiving.Said(wanted.content, wanted.attachment_ids)
    receipt = wiring().reception.take_in(receiving.Coming(token, said, asked), _people_here)
    g.visit_project = receipt.message["project_id"]
    g.visit_origins = receipt.message.get("widget_origins")
    return told(representation.message_for_visitor(receipt.message), replayed=receipt.replayed)


@blueprint.post("/typing")
@limited_typing
@visitor_route
def typing(visit: Visit) -> Response:
    """The visitor is typing: the agents who have the conversation open see it for some seconds. Nothing is stored."""
    body(NothingBody)
    wiring().company.visitor_types(visit.project_id, visit.conversation_id)
    return Response(status=204)


@blueprint.post("/seen")
@limited_typing
@visitor_route
def seen(visit: Visit) -> Response:
    """The visitor has a message before their eyes: agents see that below it, as long as nothing newer was said."""
    wanted = body(SeenBody)
    with services().reading() as connection:
        if not reading.is_public(connection, visit.conversation_id, wanted.message_id):
            raise Invalid("Not valid: message_id.", fields={"message_id": "is no message of this conversation"})
    wiring().company.visitor_saw(visit.project_id, visit.conversation_id, wanted.message_id)
    return Response(status=204)


@blueprint.post("/ask-person")
@limited_messages
@visitor_route
def ask_person(visit: Visit) -> Response:
    """The visitor asks for a person: handed off, and the AI steps back. Where people have it nothing changes."""
    body(NothingBody)
    with services().statement() as writing:
        person_asked.ask(writing.connection, visit, datetime.now(UTC), people_here=_people_here(visit))
    return conversation_of(visit)


@blueprint.get("/messages")
@visitor_route
def list_messages(visit: Visit) -> Response:
    """Public messages after an id, oldest first."""
    query("after", "cursor", "limit")
    most, start = limit(), after()
    with services().reading() as connection:
        rows = reading.messages(connection, visit.conversation_id, after=start, limit=most + 1, public_only=True)
    return ascending(rows, most, representation.message_for_visitor)


@blueprint.get("/conversation")
@visitor_route
def conversation(visit: Visit) -> Response:
    """How the visitor's conversation stands, who answers, and whether to ask for an e-mail address."""
    query()
    return conversation_of(visit)


@blueprint.patch("/visitor")
@visitor_route
def change_visitor(visit: Visit) -> Response:
    """A name or an e-mail address that the visitor types. It opens nobody's history."""
    changes = body(VisitorChangesBody).changes()
    with services().transaction() as writing:
        visitor_view.change(writing.connection, visit, changes)
        told = visitor_view.conversation(writing.connection, visit, people_here=_people_here(visit))
    return answer(told)


@blueprint.post("/rating")
@limited_messages
@visitor_route
def rate(visit: Visit) -> Response:
    """What the visitor thinks, once for each time that the conversation is solved. It reopens nothing."""
    given = body(RatingBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.rating(ratings.rate(writing.connection, visit, given.score, given.comment.strip()))

    return created("rating", act)


def conversation_of(visit: Visit) -> Response:
    """The visitor's conversation as it is now."""
    with services().reading() as connection:
        return answer(visitor_view.conversation(connection, visit, people_here=_people_here(visit)))


def look_of(project: reading.Row) -> dict[str, Any]:
    """A project's row as what its widget looks like."""
    names = {"brand": "widget_brand", "greeting": "widget_greeting", "position": "widget_position"}
    shown = {name: project[column] for name, column in names.items()}
    return {"name": project["name"], **shown, "brand_ink": ink_on(project["widget_brand"])}


def _people_here(visit: Visit) -> bool:
    return bool(wiring().presence.here(visit.project_id))


def _with_token(kept: dict[str, Any]) -> dict[str, Any]:
    return {"token": _token_of(kept["seed"]), "conversation_id": kept["conversation_id"]}


def _token_of(seed: str) -> str:
    return token_of(seed, str(current_app.secret_key))
