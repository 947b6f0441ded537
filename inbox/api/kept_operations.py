"""The entries of the routes about what managers keep: snippets, canned replies, the workflow and tools.

Owns those entries, as operations.py does for the rest.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from inbox import errors
from inbox.api import answers, kept_answers, schemas, tool_forms
from inbox.api.operation import CHANGED, DELETED, DESCENDING, Operation, Parameter
from inbox.workshop import ToolTried, Tried


class WorkflowDraft(BaseModel):
    """A workflow's file as it is, or {version, workflow}: `version` is the one that it was made from."""

    model_config = {"extra": "allow"}

    version: Any = None
    workflow: Any = None


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

KEPT_OPERATIONS: dict[str, Operation] = {
    "snippets.list_snippets": Operation(answers.Listed[kept_answers.Snippet], query=(SNIPPET_WORDS, *DESCENDING)),
    "snippets.create": Operation(
        kept_answers.Snippet, 201, schemas.SnippetBody, SNIPPET_EXAMPLE, once=True, managers=True
    ),
    "snippets.show": Operation(kept_answers.Snippet, etag=True),
    "snippets.edit": Operation(
        kept_answers.Snippet,
        body=schemas.SnippetChangesBody,
        example=SNIPPET_EXAMPLE,
        **CHANGED,
    ),
    "snippets.delete": DELETED,
    "snippets.list_uses": Operation(answers.Listed[kept_answers.SnippetUse], query=DESCENDING),
    "canned.list_canned": Operation(answers.Listed[kept_answers.CannedReply], query=(CANNED_WORDS, *DESCENDING)),
    "canned.create": Operation(
        kept_answers.CannedReply, 201, schemas.CannedReplyBody, CANNED_EXAMPLE, once=True, managers=True
    ),
    "canned.show": Operation(kept_answers.CannedReply, etag=True),
    "canned.edit": Operation(
        kept_answers.CannedReply,
        body=schemas.CannedReplyChangesBody,
        example={"content": "Hello {{visitor.name|there}}, this is {{agent.name}}."},
        **CHANGED,
    ),
    "canned.delete": DELETED,
    "workflow.show": Operation(kept_answers.Workflow, etag=True, failures=(errors.NotFound,)),
    "workflow.save": Operation(
        kept_answers.Workflow,
        body=WorkflowDraft,
        example=WORKFLOW_EXAMPLE,
        failures=(errors.StaleWorkflow, errors.InvalidWorkflow),
        etag=True,
        if_match=True,
        managers=True,
    ),
    "workflow.validate": Operation(kept_answers.WorkflowProblems, body=WorkflowDraft, example=WORKFLOW_EXAMPLE),
    "workflow.try_out": Operation(
        Tried,
        body=schemas.TrialBody,
        example={"message": "Where is my order?", "workflow": WORKFLOW_EXAMPLE},
        failures=(errors.InvalidWorkflow, errors.NotFound),
        managers=True,
    ),
    "workflow.list_versions": Operation(answers.Listed[kept_answers.WorkflowSaved], query=DESCENDING),
    "workflow.show_version": Operation(kept_answers.Workflow, etag=True),
    "tools.list_tools": Operation(answers.Listed[tool_forms.Tool], query=DESCENDING),
    "tools.create": Operation(tool_forms.Tool, 201, tool_forms.ToolBody, TOOL_EXAMPLE, once=True, managers=True),
    "tools.show": Operation(tool_forms.Tool, etag=True),
    "tools.edit": Operation(
        tool_forms.Tool,
        body=tool_forms.ToolChangesBody,
        example={"description": "Where an order is."},
        **CHANGED,
    ),
    "tools.delete": DELETED,
    "tools.try_out": Operation(
        ToolTried, body=tool_forms.ToolTrialBody, example={"arguments": {"order": "A 12"}}, managers=True
    ),
    "tools.list_hosts": Operation(answers.Listed[tool_forms.ToolHost]),
    "tools.add_host": Operation(
        tool_forms.ToolHost, 201, tool_forms.ToolHostBody, {"host": "api.example.com"}, once=True, managers=True
    ),
    "tools.remove_host": Operation(None, 204, managers=True),
}
