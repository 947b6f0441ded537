"""The routes of visitors, for agents: who asks, what is known of them, and for a privacy request a copy, or erasing."""

from __future__ import annotations

from flask import Blueprint, Response, request

from inbox import representation, visitor_copy, visitors
from inbox.access import Agent
from inbox.api.answering import answer, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services, wiring
from inbox.api.attachments import delete_forgotten
from inbox.api.paging import before_id, limit
from inbox.api.program_bodies import VisitorChangesBody
from inbox.api.schemas import NothingBody
from inbox.passing import Sign
from inbox.visitors import Wanted

blueprint = Blueprint("visitors", __name__, url_prefix="/api/v1/visitors")


@blueprint.get("")
@agent_route
def list_visitors(who: Agent) -> Response:
    """Newest first. `email` and `external_id` must be theirs, `q` must occur in their name or address."""
    query("q", "email", "external_id", "cursor", "limit")
    most, given = limit(), request.args
    words = given.get("q", "").strip()[:200] or None
    wanted = Wanted(words, given.get("email"), given.get("external_id"), before_id(), most + 1)
    with services().reading() as connection:
        rows = visitors.listed(connection, who.project_id, wanted)
    return paged(rows, most, representation.visitor)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One visitor with their ETag."""
    query()
    with services().reading() as connection:
        row = visitors.find(connection, who.project_id, bigint(number))
    return answer(representation.visitor(row), version=row["version"])


@blueprint.patch("/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set name, e-mail address or attributes (top-level keys are merged, null removes one)."""
    visitor_id = bigint(number)
    changes = body(VisitorChangesBody).changes()
    with services().statement() as writing:
        row = visitors.edit(writing.connection, who, visitor_id, changes, seen=seen_versions())
    return answer(representation.visitor(row), version=row["version"])


@blueprint.delete("/<number>")
@agent_route
def erase(who: Agent, number: str) -> Response:
    """Forget them with all conversations, messages, files, notes, events and log entries; managers only."""
    visitor_id = bigint(number)
    body(NothingBody)
    forget(who, visitor_id)
    return Response(status=204)


def forget(who: Agent, visitor_id: int) -> None:
    """Erase a visitor, tell the pages that show them, and then delete their files. Raises NotFound and Forbidden."""
    erased = services().together(lambda writing: visitors.erase(writing.connection, who, visitor_id))
    wiring().company.tell(Sign(who.project_id, "gone", {"conversation_ids": list(erased.conversations)}))
    delete_forgotten(erased.files)


@blueprint.post("/<number>/copy")
@agent_route
def copy(who: Agent, number: str) -> Response:
    """All that is kept of them as a ZIP archive, for a privacy request; managers only, and the audit log says so.

    `visitor.json` has them and their conversations with messages, notes, drafts, ratings and timelines;
    `conversations.txt` the messages to be read; `files/` the files. One that unpacks has come whole.
    """
    visitor_id = bigint(number)
    body(NothingBody)
    return copied(who, visitor_id)


def copied(who: Agent, visitor_id: int) -> Response:
    """The archive as a download. Raises NotFound and Forbidden."""
    found = services().together(lambda writing: visitor_copy.gather(writing.connection, who, visitor_id))
    response = Response(visitor_copy.archive(found, wiring().storage), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="visitor-{visitor_id}.zip"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/<number>/conversations")
@agent_route
def list_conversations(who: Agent, number: str) -> Response:
    """Their conversations, newest first."""
    query("cursor", "limit")
    most, before, visitor_id = limit(), before_id(), bigint(number)
    with services().reading() as connection:
        visitors.find(connection, who.project_id, visitor_id)
        rows = visitors.conversations(connection, who.project_id, visitor_id, before=before, limit=most + 1)
    return paged(rows, most, lambda row: representation.conversation(row, row["visitor"]))
