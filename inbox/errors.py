"""The one tree of errors that people and programs meet. Each has a stable code, a status and a sentence.

Owns the codes that SURFACE lists. Must not know Flask: one error handler maps the tree to responses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

NOT_HERE = "There is nothing here with this id; what was here may have been deleted."


class InboxError(Exception):
    """An error whose sentence is meant to be read by a person.

    `%(name)s` in the sentence is filled from `filled`; apart they can be told in another language, which pages do
    (inbox/language.py) and programs are spared. `extra` is merged beside `code` and `message` in the JSON body:
    {"error": {"code", "message", **extra}}.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, sentence: str, *, filled: Mapping[str, object] | None = None, **extra: Any) -> None:
        self.sentence = sentence
        self.filled = dict(filled or {})
        self.message = sentence % self.filled if self.filled else sentence
        self.extra = extra
        super().__init__(self.message)


class BadJson(InboxError):
    """The body is no JSON object."""

    code = "bad_json"
    status = 400


class BadEventId(InboxError):
    """A Last-Event-ID that was never issued."""

    code = "bad_event_id"
    status = 400


class Unauthorized(InboxError):
    """Who asks is not known: no token, or one that is not good any more."""

    code = "unauthorized"
    status = 401


class Forbidden(InboxError):
    """Who asks is known and may not."""

    code = "forbidden"
    status = 403


class NotFound(InboxError):
    """Another project's, a missing one, and what can be no id: all alike, to the letter."""

    code = "not_found"
    status = 404

    def __init__(self, sentence: str = NOT_HERE, **extra: Any) -> None:
        super().__init__(sentence, **extra)


class MethodNotAllowed(InboxError):
    """The response's Allow says which methods the address takes."""

    code = "method_not_allowed"
    status = 405


class StaleClaim(InboxError):
    """extra: owner {id, name}; with it conversation (who has it), or at (when they said something)."""

    code = "stale_claim"
    status = 409


class IdempotencyInFlight(InboxError):
    """The first request with this key is still being answered."""

    code = "idempotency_in_flight"
    status = 409


class DraftClosed(InboxError):
    """The parked reply was sent or discarded already."""

    code = "draft_closed"
    status = 409


class StaleWorkflow(InboxError):
    """Somebody saved a version since. extra: current, a Workflow or None; yours {version, workflow}."""

    code = "stale_workflow"
    status = 409


class LastManager(InboxError):
    """A project would be left without a manager."""

    code = "last_manager"
    status = 409


class StaleVersion(InboxError):
    """extra: what it is about as it is now, by its kind (conversation, project, tool, ...), or `by` whom and `at`."""

    code = "stale_version"
    status = 412


class TooLarge(InboxError):
    """A body beyond what its route takes."""

    code = "too_large"
    status = 413


class NotJson(InboxError):
    """The body is said to be something else."""

    code = "not_json"
    status = 415


class Invalid(InboxError):
    """extra: fields {name: sentence}."""

    code = "invalid"
    status = 422


class UnknownField(InboxError):
    """extra: fields {name: sentence}."""

    code = "unknown_field"
    status = 422


class IdempotencyConflict(InboxError):
    """The key was used before for another request."""

    code = "idempotency_conflict"
    status = 422


class InvalidWorkflow(InboxError):
    """extra: problems [{node, edge, code, message}]."""

    code = "invalid_workflow"
    status = 422


class RateLimited(InboxError):
    """extra: none; the response carries Retry-After in whole seconds."""

    code = "rate_limited"
    status = 429


class Unavailable(InboxError):
    """The database does not answer. The response carries Retry-After."""

    code = "unavailable"
    status = 503


class Internal(InboxError):
    """A fault of ours; what it was is in the log only."""

    code = "internal"
    status = 500
