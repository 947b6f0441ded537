"""What each route of the API takes, gives and refuses: one entry for each endpoint, read by the document and its tests.

Owns those entries. What every route has in common (who may ask, ids in the path, the errors that follow from both) is
derived in openapi.py; a route without an entry is in the document too, but fails tests/integration/test_openapi.py.
"""

from __future__ import annotations

from typing import Any

from inbox import errors
from inbox.api import answers, bulk, program_answers, schemas, widget_answers
from inbox.api.kept_operations import KEPT_OPERATIONS
from inbox.api.operation import ASCENDING, CHANGED, CURSOR, DESCENDING, LIMIT, Operation, Parameter, several
from inbox.api.program_bodies import ProjectFoundBody
from inbox.api.program_operations import PROGRAM_OPERATIONS
from inbox.api.team_operations import TEAM_OPERATIONS
from inbox.api.widget_operations import WIDGET_OPERATIONS
from inbox.conversation import RESPONDER_STATES, STATUSES
from inbox.listed import SORTS

SEARCH_WORDS = (
    "Words of messages and notes, or of the visitor's name or address; with `from:`, `assignee:` (a name, `me`,"
    " `none`), `status:`, `priority:`, `label:`, `reason:` (of the hand-off) and `before:` (a date)."
)
FILTERS = (
    Parameter("status", several(STATUSES), "Only these; may repeat."),
    Parameter("assignee", {"type": "string", "pattern": "^(me|none|[0-9]+)$"}, "A member's id, `me` or `none`."),
    Parameter("responder_state", several(RESPONDER_STATES), "Only these; may repeat."),
    Parameter("label", {"type": "string"}, "Only with this label."),
    Parameter("q", {"type": "string"}, SEARCH_WORDS),
    Parameter(
        "sort",
        {"type": "string", "enum": list(SORTS), "default": "newest"},
        "Newest activity first; or who waits for a person, the longest first, and then the others.",
    ),
)

ACT: dict[str, Any] = {"answer": answers.Conversation, "etag": True, "body": schemas.NothingBody, "example": {}}

OPERATIONS: dict[str, Operation] = {
    **WIDGET_OPERATIONS,
    **KEPT_OPERATIONS,
    "project.me": Operation(answers.Me),
    "project.list_projects": Operation(answers.Listed[program_answers.ProjectNamed]),
    "project.found": Operation(
        program_answers.ProjectMade, 201, ProjectFoundBody, {"name": "Fjell Shop"}, once=True, managers=True
    ),
    "project.show": Operation(answers.Project, etag=True),
    "project.patch": Operation(
        answers.Project,
        body=schemas.ProjectBody,
        example={"on_assignment": "park"},
        **CHANGED,
    ),
    "identity.show": Operation(widget_answers.IdentitySecretState),
    "identity.rotate": Operation(widget_answers.IdentitySecret, 201, schemas.NothingBody, {}, once=True, managers=True),
    "identity.revoke": Operation(None, 204, managers=True),
    "conversations.list_conversations": Operation(
        answers.Listed[answers.Conversation], query=(*FILTERS, CURSOR, LIMIT)
    ),
    "conversations.show": Operation(answers.Conversation, etag=True),
    "conversations.patch": Operation(
        answers.Conversation,
        body=schemas.ConversationBody,
        example={"status": "pending", "labels": ["order"]},
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
    ),
    "conversations.claim": Operation(failures=(errors.StaleClaim,), **ACT),
    "conversations.take_over": Operation(**ACT),
    "conversations.give_back": Operation(**ACT),
    "conversations.nothing_to_answer": Operation(**ACT),
    "conversations.mark_read": Operation(**ACT),
    "conversations.move_workflow": Operation(**{**ACT, "body": schemas.PositionBody, "example": {"node_id": None}}),
    "conversations.list_messages": Operation(answers.Listed[answers.Message], query=ASCENDING),
    "conversations.send_message": Operation(
        answers.Message, 201, schemas.AgentMessageBody, {"content": "It left today.", "private": False}, once=True
    ),
    "conversations.remove_message": Operation(answers.Message),
    "notes.edit": Operation(answers.Message, body=schemas.NoteBody, example={"content": "She has called twice."}),
    "conversations.list_notes": Operation(answers.Listed[answers.Message], query=ASCENDING),
    "conversations.list_timeline": Operation(answers.Listed[answers.TimelineEntry], query=ASCENDING),
    "conversations.list_turns": Operation(answers.Listed[answers.Turn], query=DESCENDING),
    "conversations.stop": Operation(answers.Turn, body=schemas.NothingBody, example={}),
    "conversations.list_drafts": Operation(answers.Listed[answers.Draft], query=DESCENDING),
    "conversations.send_draft": Operation(
        answers.Message,
        201,
        schemas.DraftBody,
        {"content": "It left today."},
        failures=(errors.DraftClosed,),
        once=True,
    ),
    "conversations.discard_draft": Operation(
        answers.Draft, body=schemas.NothingBody, example={}, failures=(errors.DraftClosed,)
    ),
    "bulk.apply": Operation(
        answers.BulkDone,
        body=bulk.BulkBody,
        example={"conversation_ids": [1, 2], "status": "solved", "add_labels": ["refund"]},
        failures=(errors.NotFound,),
    ),
    "bulk.undo": Operation(answers.BulkDone, body=schemas.NothingBody, example={}),
    "health.healthz": Operation(answers.Alive),
    "health.readyz": Operation(answers.Ready, also={503: answers.Ready}),
    "health.metrics": Operation(media="text/plain"),
    "document.openapi": Operation(answers.Document),
    **PROGRAM_OPERATIONS,
    **TEAM_OPERATIONS,
}
