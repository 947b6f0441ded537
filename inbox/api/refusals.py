"""What each error of the API means to the program that meets it, and what its answer holds beside code and message.

Owns these words for the document. The errors are in inbox/errors.py.
"""

from __future__ import annotations

from inbox import errors
from inbox.api.operation import Schema
from inbox.api.program_operations import PROGRAM_EXTRAS
from inbox.errors import InboxError

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
    errors.StaleVersion: "The answer holds how it stands now. Decide anew, and send its `version` as If-Match, or "
    "the ETag that reading it again brings.",
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
        "working_hours": {"$ref": "#/components/schemas/WorkingHours"},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "The project's that were set since."},
        "by": {"type": ["string", "null"], "description": "Who changed the project."},
        "at": {"type": ["string", "null"], "format": "date-time", "description": "When they did."},
    },
    errors.Invalid: {"fields": {"type": "object", "additionalProperties": {"type": "string"}}},
    errors.UnknownField: {"fields": {"type": "object", "additionalProperties": {"type": "string"}}},
    errors.InvalidWorkflow: {"problems": {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowProblem"}}},
}
