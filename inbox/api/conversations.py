"""The agents' routes for conversations: reading them and acting in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Connection

from inbox import acts, drafts, list_rows, mentions, needless, reading, removing, representation
from inbox.access import Agent
from inbox.api.answering import answer, ascending, created, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services, wiring
from inbox.api.attachments import delete_forgotten
from inbox.api.filters import asked_filter, page_of
from inbox.api.paging import after, before_id, limit
from inbox.api.schemas import AgentMessageBody, ConversationBody, DraftBody, NothingBody, PositionBody
from inbox.passing import Sign
from inbox.services import Writing

blueprint = Blueprint("conversations", __name__, url_prefix="/api/v1/conversations")


@blueprint.get("")
@agent_route
def list_conversations(who: Agent) -> Response:
    """Newest activity first; or, with `sort=waiting`, who waits for a person, the longest first, then the others."""
    query("status", "assignee", "responder_state", "label", "q", "sort", "cursor", "limit")
    most = limit()
    with services().reading() as connection:
        wanted = asked_filter(connection, who, most + 1)
        rows = list_rows.whole(connection, who.project_id, wanted)
    return page_of(rows, most, wanted.sort)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One conversation with its ETag."""
    query()
    with services().reading() as connection:
        row = reading.conversation(connection, who.project_id, bigint(number))
    return answer(representation.conversation(row, row["visitor"]), version=row["version"])


@blueprint.patch("/<number>")
@agent_route
def patch(who: Agent, number: str) -> Response:
    """Set what is given; the last writer wins, column by column, unless If-Match says otherwise."""
    conversation_id = bigint(number)
    changes = body(ConversationBody).changes()
    with services().statement() as writing:
        written = acts.patch(writing.connection, who, conversation_id, changes, seen=seen_versions())
    return _written(written)


@blueprint.post("/<number>/claim")
@agent_route
def claim(who: Agent, number: str) -> Response:
    """Mine, if nobody has it."""
    return _acted(acts.claim, who, number)


@blueprint.post("/<number>/take-over")
@agent_route
def take_over(who: Agent, number: str) -> Response:
    """Pause the responder here."""
    return _acted(acts.take_over, who, number)


@blueprint.post("/<number>/nothing-to-answer")
@agent_route
def nothing_to_answer(who: Agent, number: str) -> Response:
    """What the visitor wrote last, such as thanks, waits for no answer; after a hand-off one takes over first."""
    return _acted(needless.say, who, number)


@blueprint.post("/<number>/give-back")
@agent_route
def give_back(who: Agent, number: str) -> Response:
    """Let the responder go on here."""
    conversation_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        written = acts.give_back(writing.connection, who, conversation_id)
        writing.start_turn(written.turn_id)
    return _written(written)


@blueprint.post("/<number>/read")
@agent_route
def mark_read(who: Agent, number: str) -> Response:
    """Nothing is unread any more."""
    return _acted(acts.mark_read, who, number)


@blueprint.post("/<number>/workflow")
@agent_route
def move_workflow(who: Agent, number: str) -> Response:
    """Move the workflow's position, or restart it."""
    conversation_id = bigint(number)
    node_id = body(PositionBody).node_id
    with services().statement() as writing:
        return _written(acts.move_workflow(writing.connection, who, conversation_id, node_id))


@blueprint.get("/<number>/messages")
@agent_route
def list_messages(who: Agent, number: str) -> Response:
    """Messages and notes after an id, oldest first."""
    query("after", "cursor", "limit")
    return _ascending(who, bigint(number), reading.messages, representation.message)


@blueprint.post("/<number>/messages")
@agent_route
def send_message(who: Agent, number: str) -> Response:
    """A public reply, which pauses the responder, or a private note, which does not."""
    conversation_id = bigint(number)
    wanted = body(AgentMessageBody)
    write = acts.note if wanted.private else acts.reply
    called: list[Sign] = []

    def act(writing: Writing) -> dict[str, Any]:
        row = write(writing.connection, who, conversation_id, wanted.content, wanted.attachment_ids)
        called.extend(mentions.signs(who, conversation_id, wanted.content, mentions.of_note(row)))
        return representation.message(row)

    response = created(f"messages:{conversation_id}", act)
    wiring().company.tell(*called)  # after the commit; a message that was said already calls nobody again
    return response


@blueprint.delete("/<number>/messages/<message>")
@agent_route
def remove_message(who: Agent, number: str, message: str) -> Response:
    """Take back a message or note of one's own, a manager anybody's: words and files are gone, its place stays."""
    conversation_id, message_id = bigint(number), bigint(message)
    body(NothingBody)
    return answer(representation.message(take_back(who, conversation_id, message_id)))


def take_back(who: Agent, conversation_id: int, message_id: int) -> Mapping[Any, Any]:
    """Remove a message, and then delete its files. Raises NotFound and Forbidden."""
    removed = services().together(lambda w: removing.remove(w.connection, who, conversation_id, message_id))
    wiring().hub.wake()
    delete_forgotten(removed.files)
    return removed.message


@blueprint.get("/<number>/notes")
@agent_route
def list_notes(who: Agent, number: str) -> Response:
    """The notes among agents, oldest first; write one with POST messages and `private`."""
    query("after", "cursor", "limit")
    return _ascending(who, bigint(number), reading.notes, representation.message)


@blueprint.get("/<number>/timeline")
@agent_route
def list_timeline(who: Agent, number: str) -> Response:
    """What happened, oldest first."""
    query("after", "cursor", "limit")
    return _ascending(who, bigint(number), reading.timeline, representation.entry)


@blueprint.get("/<number>/turns")
@agent_route
def list_turns(who: Agent, number: str) -> Response:
    """The responder's turns, newest first."""
    query("cursor", "limit")
    return _descending(who, bigint(number), reading.turns, representation.turn)


@blueprint.post("/<number>/turns/<turn>/stop")
@agent_route
def stop(who: Agent, number: str, turn: str) -> Response:
    """End a live turn; nothing of it lands."""
    conversation_id, turn_id = bigint(number), bigint(turn)
    body(NothingBody)
    with services().statement() as writing:
        stopped = acts.stop(writing.connection, who, conversation_id, turn_id)
        writing.start_turn(stopped["started_turn"])
    return answer(representation.turn(stopped))


@blueprint.get("/<number>/drafts")
@agent_route
def list_drafts(who: Agent, number: str) -> Response:
    """Parked replies, newest first."""
    query("cursor", "limit")
    return _descending(who, bigint(number), reading.drafts, representation.draft)


@blueprint.post("/<number>/drafts/<draft>/send")
@agent_route
def send_draft(who: Agent, number: str, draft: str) -> Response:
    """Send a parked reply, as it is or edited."""
    conversation_id, draft_id = bigint(number), bigint(draft)
    content = body(DraftBody).content

    def act(writing: Writing) -> dict[str, Any]:
        return representation.message(drafts.send(writing.connection, who, conversation_id, draft_id, content))

    return created(f"drafts:{draft_id}", act)


@blueprint.post("/<number>/drafts/<draft>/discard")
@agent_route
def discard_draft(who: Agent, number: str, draft: str) -> Response:
    """Close a parked reply unsent."""
    conversation_id, draft_id = bigint(number), bigint(draft)
    body(NothingBody)
    with services().statement() as writing:
        return answer(representation.draft(drafts.discard(writing.connection, who, conversation_id, draft_id)))


def _acted(act: Callable[[Connection, Agent, int], acts.Written], who: Agent, number: str) -> Response:
    """An act that takes no fields, and how the conversation stands then."""
    conversation_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        return _written(act(writing.connection, who, conversation_id))


def _written(written: acts.Written) -> Response:
    return answer(written.as_json(), version=written.row["version"])


def _ascending(who: Agent, conversation_id: int, read: Any, represent: Any) -> Response:
    most, start = limit(), after()
    with services().reading() as connection:
        reading.require(connection, who.project_id, conversation_id)
        rows = read(connection, conversation_id, after=start, limit=most + 1)
    return ascending(rows, most, represent)


def _descending(who: Agent, conversation_id: int, read: Any, represent: Any) -> Response:
    most, before = limit(), before_id()
    with services().reading() as connection:
        reading.require(connection, who.project_id, conversation_id)
        rows = read(connection, conversation_id, before=before, limit=most + 1)
    return paged(rows, most, represent)
