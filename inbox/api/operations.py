"""What each route of the API takes, gives and refuses: one entry for each endpoint, read by the document and its tests.

Owns those entries. What every route has in common (who may ask, ids in the path, the errors that follow from both) is
derived in openapi.py; a route without an entry is in the document too, but fails tests/integration/test_openapi.py.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from inbox import errors
from inbox.api import answers, bulk, schemas, tool_forms
from inbox.api.operation import ASCENDING, CURSOR, DESCENDING, LIMIT, Operation, Parameter, Schema, several
from inbox.api.program_operations import PROGRAM_EXTRAS, PROGRAM_OPERATIONS
from inbox.api.team_operations import TEAM_OPERATIONS
from inbox.conversation import RESPONDER_STATES, STATUSES
from inbox.errors import InboxError
from inbox.workshop import ToolTried, Tried


class WorkflowDraft(BaseModel):
    """A workflow's file as it is, or {version, workflow}: `version` is the one that it was made from."""

    model_config = {"extra": "allow"}

    version: Any = None
    workflow: Any = None


STREAM_QUERY = (Parameter("token", {"type": "string"}, "A short-lived token, where no header can be sent."),)
FILE_NAME = Parameter("name", {"type": "string"}, "The file's name, as its readers see it.", "receipt.png")
STREAM_WITH = Parameter(
    "with", {"type": "string", "enum": ["conversation"]}, "Also conversation.updated {status, responder_state}."
)
PROJECT_KEY = Parameter("project_key", {"type": "string"}, "The key in the widget's script tag.", "KEY")


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
)

SNIPPET_WORDS = Parameter("q", {"type": "string"}, "Words that title or content must hold.")
CANNED_WORDS = Parameter("q", {"type": "string"}, "Words that name or content must hold.")
CANNED_EXAMPLE = {"shortcut": "hello", "content": "Hello {{visitor.name|there}}, this is {{agent.name}}."}
SNIPPET_EXAMPLE = {"title": "Returns", "content": "You may return anything within 30 days."}
WORKFLOW_EXAMPLE = {
    "nodes": [{"id": "start", "type": "start"}, {"id": "answer", "type": "llm", "data": {"prompt": "Answer kindly."}}],
    "edges": [{"source": "start", "target": "answer"}],
}
TOOL_EXAMPLE = {
    "name": "order_status",
    "description": "Where an order is, by its number.",
    "url": "https://api.example.com/orders",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]},
}
ACT: dict[str, Any] = {"answer": answers.Conversation, "etag": True, "body": schemas.NothingBody, "example": {}}

OPERATIONS: dict[str, Operation] = {
    "widget.look": Operation(answers.WidgetLook, query=(PROJECT_KEY,), failures=(errors.NotFound,)),
    "widget.conversation": Operation(answers.WidgetConversation),
    "widget.change_visitor": Operation(
        answers.WidgetConversation, body=schemas.VisitorChangesBody, example={"email": "leila@example.com"}
    ),
    "attachments.take_from_visitor": Operation(
        answers.Attachment, 201, query=(FILE_NAME,), failures=(errors.TooLarge,), once=True, upload=True
    ),
    "attachments.show_to_visitor": Operation(media="application/octet-stream"),
    "attachments.take_from_agent": Operation(
        answers.Attachment, 201, query=(FILE_NAME,), failures=(errors.TooLarge,), once=True, upload=True
    ),
    "attachments.show_to_agent": Operation(media="application/octet-stream"),
    "widget.rate": Operation(
        answers.Rating, 201, schemas.RatingBody, {"score": 5, "comment": "Quick and kind."}, once=True
    ),
    "ratings.list_ratings": Operation(answers.Listed[answers.Rating], query=DESCENDING),
    "ratings.list_of_conversation": Operation(answers.Listed[answers.Rating], query=DESCENDING),
    "widget.start_session": Operation(
        answers.Session, 201, schemas.SessionBody, {"project_key": "KEY", "visitor": {"name": "Leila"}}, once=True
    ),
    "widget.send_message": Operation(
        answers.VisitorMessage, 201, schemas.VisitorMessageBody, {"content": "Where is my order?"}, once=True
    ),
    "widget.ask_person": Operation(
        answers.WidgetConversation, body=schemas.NothingBody, example={}, failures=(errors.Forbidden,)
    ),
    "widget.typing": Operation(None, 204, schemas.NothingBody, {}),
    "widget.list_messages": Operation(answers.Listed[answers.VisitorMessage], query=ASCENDING),
    "streams.visitor_events": Operation(
        query=(*STREAM_QUERY, STREAM_WITH),
        failures=(errors.BadEventId,),
        tokens=("visitorToken", "streamToken"),
        media="text/event-stream",
    ),
    "streams.visitor_token": Operation(answers.StreamToken, 201, schemas.NothingBody, {}),
    "streams.agent_events": Operation(
        query=STREAM_QUERY,
        failures=(errors.BadEventId,),
        tokens=("agentToken", "streamToken"),
        media="text/event-stream",
    ),
    "streams.agent_token": Operation(answers.StreamToken, 201, schemas.NothingBody, {}),
    "project.me": Operation(answers.Me),
    "project.show": Operation(answers.Project, etag=True),
    "project.patch": Operation(
        answers.Project,
        body=schemas.ProjectBody,
        example={"on_assignment": "park"},
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "identity.show": Operation(answers.IdentitySecretState),
    "identity.rotate": Operation(answers.IdentitySecret, 201, schemas.NothingBody, {}, once=True, managers=True),
    "identity.revoke": Operation(None, 204, managers=True),
    "snippets.list_snippets": Operation(answers.Listed[answers.Snippet], query=(SNIPPET_WORDS, *DESCENDING)),
    "snippets.create": Operation(answers.Snippet, 201, schemas.SnippetBody, SNIPPET_EXAMPLE, once=True, managers=True),
    "snippets.show": Operation(answers.Snippet, etag=True),
    "snippets.edit": Operation(
        answers.Snippet,
        body=schemas.SnippetChangesBody,
        example=SNIPPET_EXAMPLE,
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "snippets.delete": Operation(None, 204, failures=(errors.StaleVersion,), if_match=True, managers=True),
    "snippets.list_uses": Operation(answers.Listed[answers.SnippetUse], query=DESCENDING),
    "canned.list_canned": Operation(answers.Listed[answers.CannedReply], query=(CANNED_WORDS, *DESCENDING)),
    "canned.create": Operation(
        answers.CannedReply, 201, schemas.CannedReplyBody, CANNED_EXAMPLE, once=True, managers=True
    ),
    "canned.show": Operation(answers.CannedReply, etag=True),
    "canned.edit": Operation(
        answers.CannedReply,
        body=schemas.CannedReplyChangesBody,
        example={"content": "Hello {{visitor.name|there}}, this is {{agent.name}}."},
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "canned.delete": Operation(None, 204, failures=(errors.StaleVersion,), if_match=True, managers=True),
    "workflow.show": Operation(answers.Workflow, etag=True, failures=(errors.NotFound,)),
    "workflow.save": Operation(
        answers.Workflow,
        body=WorkflowDraft,
        example=WORKFLOW_EXAMPLE,
        failures=(errors.StaleWorkflow, errors.InvalidWorkflow),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "workflow.validate": Operation(answers.WorkflowProblems, body=WorkflowDraft, example=WORKFLOW_EXAMPLE),
    "workflow.try_out": Operation(
        Tried,
        body=schemas.TrialBody,
        example={"message": "Where is my order?", "workflow": WORKFLOW_EXAMPLE},
        failures=(errors.InvalidWorkflow, errors.NotFound),
        managers=True,
    ),
    "workflow.list_versions": Operation(answers.Listed[answers.WorkflowSaved], query=DESCENDING),
    "workflow.show_version": Operation(answers.Workflow, etag=True),
    "tools.list_tools": Operation(answers.Listed[tool_forms.Tool], query=DESCENDING),
    "tools.create": Operation(tool_forms.Tool, 201, tool_forms.ToolBody, TOOL_EXAMPLE, once=True, managers=True),
    "tools.show": Operation(tool_forms.Tool, etag=True),
    "tools.edit": Operation(
        tool_forms.Tool,
        body=tool_forms.ToolChangesBody,
        example={"description": "Where an order is."},
        failures=(errors.StaleVersion,),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "tools.delete": Operation(None, 204, failures=(errors.StaleVersion,), if_match=True, managers=True),
    "tools.try_out": Operation(
        ToolTried, body=tool_forms.ToolTrialBody, example={"arguments": {"order": "A 12"}}, managers=True
    ),
    "tools.list_hosts": Operation(answers.Listed[tool_forms.ToolHost]),
    "tools.add_host": Operation(
        tool_forms.ToolHost, 201, tool_forms.ToolHostBody, {"host": "api.example.com"}, once=True, managers=True
    ),
    "tools.remove_host": Operation(None, 204, managers=True),
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
    "conversations.mark_read": Operation(**ACT),
    "conversations.move_workflow": Operation(**{**ACT, "body": schemas.PositionBody, "example": {"node_id": None}}),
    "conversations.list_messages": Operation(answers.Listed[answers.Message], query=ASCENDING),
    "conversations.send_message": Operation(
        answers.Message, 201, schemas.AgentMessageBody, {"content": "It left today.", "private": False}, once=True
    ),
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

PROBLEM_CODES = (
    "no_start", "many_starts", "unknown_node", "missing_edge", "unreachable", "unknown_tool", "empty_prompt",
    "too_many_cases", "duplicate_route", "unknown_variable", "duplicate_id", "bad_node",
)  # fmt: skip
GUIDE: dict[type[InboxError], str] = {
    errors.BadJson: "Send UTF-8 JSON, an object, not nested without end.",
    errors.BadEventId: "Connect again without Last-Event-ID, and read the state anew.",
    errors.Unauthorized: "Send a token that is known and has not expired.",
    errors.Forbidden: "Use a manager's token, or one with a wider scope.",
    errors.NotFound: "Look at the id: it is missing, or another project's, which nobody is told.",
    errors.MethodNotAllowed: "Look at the method: the header Allow lists those that the address takes.",
    errors.StaleClaim: "`owner` has it. Show that, or assign it with PATCH if it must move.",
    errors.LastManager: "Make somebody else a manager first.",
    errors.IdempotencyInFlight: "Wait, then send the same request with the same key.",
    errors.DraftClosed: "It was sent or discarded. Read the drafts anew.",
    errors.StaleWorkflow: "A colleague saved a newer version. Read it, and save your change on top of it.",
    errors.StaleVersion: "The answer holds how it stands now. Decide anew, and send its version as If-Match.",
    errors.TooLarge: "Send less than 256 KiB.",
    errors.NotJson: "Send `Content-Type: application/json`.",
    errors.Invalid: "`fields` says for each field or parameter what is wrong.",
    errors.UnknownField: "Leave the fields out that `fields` names: they are misspelt, or of another release.",
    errors.IdempotencyConflict: "Use a new key for a new request.",
    errors.InvalidWorkflow: "`problems` names each node or edge and what is wrong with it, by code: "
    + ", ".join(f"`{code}`" for code in PROBLEM_CODES)
    + ".",
    errors.RateLimited: "Wait for as many seconds as Retry-After says.",
    errors.Internal: "Our fault, and written down. Send it again later, with the same Idempotency-Key.",
    errors.Unavailable: "The database does not answer; nothing was changed. Wait for Retry-After and send it again.",
}
EXTRAS: dict[type[InboxError], Schema] = {
    errors.StaleClaim: {
        "owner": {"$ref": "#/components/schemas/Named"},
        "conversation": {"$ref": "#/components/schemas/Conversation"},
    },
    errors.StaleVersion: {
        "conversation": {"$ref": "#/components/schemas/Conversation"},
        "project": {"$ref": "#/components/schemas/Project"},
        "snippet": {"$ref": "#/components/schemas/Snippet"},
        **PROGRAM_EXTRAS,
        "tool": {"$ref": "#/components/schemas/Tool"},
        "canned_reply": {"$ref": "#/components/schemas/CannedReply"},
    },
    errors.Invalid: {"fields": {"type": "object", "additionalProperties": {"type": "string"}}},
    errors.UnknownField: {"fields": {"type": "object", "additionalProperties": {"type": "string"}}},
    errors.InvalidWorkflow: {"problems": {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowProblem"}}},
}
