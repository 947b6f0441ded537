"""What answers hold about what managers keep: snippets, canned replies, the workflow.

Owns the described form, as answers.py does for the rest; tools have theirs in tool_forms.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inbox.api.answers import Answer, Named


class Snippet(Answer):
    """A piece of the team's knowledge."""

    id: int
    title: str
    content: str
    version: int
    changed_by: str | None
    created_at: datetime
    updated_at: datetime


class SnippetUse(Answer):
    """A reply that cites a snippet."""

    message_id: int
    conversation_id: int
    content: str
    created_at: datetime


class CannedReply(Answer):
    """What the team writes again and again; its variables are filled where it is used."""

    id: int
    shortcut: str
    content: str
    version: int
    changed_by: str | None
    created_at: datetime
    updated_at: datetime


class WorkflowSaved(Answer):
    """Who saved a version, and when; `saved_by` is null for one that a command made."""

    version: int
    saved_at: datetime
    saved_by: Named | None


class Workflow(WorkflowSaved):
    """One version with its definition, as saved."""

    workflow: dict[str, Any]


class WorkflowProblem(Answer):
    """What is wrong with a workflow, and where."""

    node: str | None
    edge: str | None
    code: str
    message: str


class WorkflowProblems(Answer):
    """All problems at once; empty: it may be saved."""

    problems: list[WorkflowProblem]
