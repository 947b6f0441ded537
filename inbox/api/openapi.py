"""The OpenAPI document: the routes of the URL map with the schemas that validate their requests.

Owns the assembling (apispec; the schemas are pydantic's own). What a single route does is said in operations.py.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apispec import APISpec
from flask import Flask
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from inbox import errors
from inbox.api import answers, kept_answers, program_answers, tool_forms
from inbox.api.asking import ASKER_AGENT, READING, asker_of
from inbox.api.event_answers import SENT
from inbox.api.operation import Operation, Parameter, Schema
from inbox.api.operations import OPERATIONS
from inbox.api.refusals import EXTRAS
from inbox.conversation import LARGEST_ID
from inbox.errors import InboxError

PREFIX = "/api/v1"
ALSO = frozenset({"/healthz", "/readyz", "/metrics"})
TEMPLATE = "#/components/schemas/{model}"
TAGS = {"me": "project", "projects": "project", "invitations": "members", "openapi.json": "service"}
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
TOKENS = {"agent": "agentToken", "visitor": "visitorToken"}
INTRODUCTION = """JSON in and out. Times are RFC 3339 in UTC. Lists are {items, next_cursor}: send it back as cursor.
If-Match with a version that is no longer the newest gives 412; an Idempotency-Key makes a POST happen once (24 hours).
Another project's id answers 404, as a missing one does. Every error is {"error": {"code", "message"}}: rely on code."""
SCHEMES: dict[str, Schema] = {
    "agentToken": {"type": "http", "scheme": "bearer", "description": "An agent's API token, for one project."},
    "visitorToken": {"type": "http", "scheme": "bearer", "description": "What a visitor's session gave."},
    "streamToken": {"type": "apiKey", "in": "query", "name": "token", "description": "Good for a minute."},
}
LIMIT_HEADERS: dict[str, Schema] = {
    "X-RateLimit-Limit": {"description": "How many requests the period allows.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "How many of them are left.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When it begins anew, in Unix seconds.", "schema": {"type": "number"}},
}
RETRY: Schema = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer"}}
ETAG: Schema = {"description": 'The version, such as `"7"`.', "required": True, "schema": {"type": "string"}}
REPLAYED: Schema = {"description": "`true`: this is the first request's answer again.", "schema": {"type": "string"}}
IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that the change was made from.",
    "schema": {"type": "string"},
}
IDEMPOTENCY_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same body: the same answer, and it happened once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


# What an error may hold beside its sentence.
IN_ERRORS: set[type] = {
    answers.Error, answers.Named, kept_answers.WorkflowProblem, answers.Conversation, answers.Project,
    kept_answers.Snippet, program_answers.Webhook, program_answers.VisitorAlone, tool_forms.Tool,
}  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One method of one rule. `asker` is whose token its decorator asks for, `path` in OpenAPI's form."""

    endpoint: str
    method: str
    path: str
    ids: tuple[str, ...]
    asker: str | None
    view: Callable[..., Any]
    operation: Operation


def api_routes(app: Flask) -> Iterator[Route]:
    """Every route of the API, in the order of their addresses; one without an entry has an empty operation."""
    rules: list[Rule] = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    for rule in rules:
        if rule.rule.startswith(PREFIX + "/") or rule.rule in ALSO:
            view = app.view_functions[rule.endpoint]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
                ids = tuple(re.findall(r"{([^}]+)}", path))
                operation = OPERATIONS.get(rule.endpoint, Operation())
                yield Route(rule.endpoint, method, path, ids, asker_of(view), view, operation)


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of this application."""
    info = {"description": INTRODUCTION}
    told: dict[str, Schema] = {}
    spec = APISpec("Tandem", "1", "3.1.0", info=info, servers=[{"url": "/"}], webhooks=told)
    routes = list(api_routes(app))
    types = {kind for route in routes for kind in _types(route.operation)}
    references = _schemas(spec, types | IN_ERRORS | set(SENT.values()))
    for name, scheme in SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for route in routes:
        spec.path(route.path, operations={route.method.lower(): _operation(route, references)})
    told.update({kind: {"post": _event(kind, references[model])} for kind, model in SENT.items()})
    return dict(spec.to_dict())


def _event(kind: str, schema: Schema) -> Schema:
    """An event as the document has it: what a receiver is sent, and that any 2xx means that it has it."""
    headers = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in SIGNED]
    return {
        "operationId": kind.replace(".", "_"),
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"2XX": {"description": "The receiver has it. All else is tried again."}},
    }


def failures(route: Route) -> list[type[InboxError]]:
    """Every error that the route can answer with, by status and code."""
    operation, found = route.operation, set(route.operation.failures)
    if route.path.startswith(PREFIX) and route.endpoint != "document.openapi":
        found |= {errors.Invalid, errors.Unavailable}
    if route.asker or operation.tokens:
        found |= {errors.Unauthorized}
    if route.asker or route.endpoint == "widget.start_session":
        found |= {errors.RateLimited}
    if (route.asker == ASKER_AGENT and route.method not in READING) or operation.managers:
        found |= {errors.Forbidden}
    if route.ids or route.endpoint == "widget.start_session":
        found |= {errors.NotFound}
    if operation.body is not None:
        found |= {errors.BadJson, errors.NotJson, errors.TooLarge, errors.UnknownField}
    if operation.once:
        found |= {errors.IdempotencyInFlight, errors.IdempotencyConflict}
    return sorted(found, key=lambda kind: (kind.status, kind.code))


def _types(operation: Operation) -> Iterator[Any]:
    yield from (kind for kind in (operation.answer, operation.body, *operation.also.values()) if kind is not None)


def _schemas(spec: APISpec, types: set[Any]) -> dict[Any, Schema]:
    ordered = sorted(types, key=repr)
    made, all_of_them = TypeAdapter.json_schemas(
        [(kind, "validation", TypeAdapter(kind)) for kind in ordered], ref_template=TEMPLATE
    )
    for name, schema in sorted(all_of_them.get("$defs", {}).items()):
        spec.components.schema(name, schema)
    return {kind: dict(schema) for (kind, _), schema in made.items()}


def _operation(route: Route, references: dict[Any, Schema]) -> Schema:
    operation = route.operation
    words = inspect.getdoc(route.view) or ""
    summary, _, more = words.partition("\n")
    made: Schema = {
        "operationId": f"{route.endpoint}.{route.method.lower()}".replace(".", "_"),
        "tags": [_tag(route)],
        "summary": summary.strip(),
        "description": " ".join(more.split()),
        "parameters": list(_parameters(route)),
        "responses": _responses(route, references),
        "security": [{name: []} for name in operation.tokens or filter(None, [TOKENS.get(route.asker or "")])],
    }
    if operation.body is not None:
        content = {"schema": references[operation.body], "example": operation.example}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.upload:
        content = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        made["requestBody"] = {"required": True, "content": {"application/octet-stream": content}}
    return made


def _tag(route: Route) -> str:
    """What it is about, by its address."""
    found = route.path.removeprefix(PREFIX).split("/")[1] if route.path.startswith(PREFIX) else "service"
    return TAGS.get(found, found)


def _parameters(route: Route) -> Iterator[Schema]:
    whole = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
    for name in route.ids:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"} if name == "file" else whole}
    for parameter in route.operation.query:
        yield _query(parameter)
    if route.operation.if_match:
        yield IF_MATCH
    if route.operation.once:
        yield IDEMPOTENCY_KEY


def _query(parameter: Parameter) -> Schema:
    described = {"name": parameter.name, "in": "query", "description": parameter.words, "schema": parameter.schema}
    return {**described, "explode": True} if parameter.schema["type"] == "array" else described


def _responses(route: Route, references: dict[Any, Schema]) -> Schema:
    operation = route.operation
    found: dict[str, Schema] = {str(operation.status): _success(route, references)}
    by_status: dict[int, list[type[InboxError]]] = {}
    for kind in failures(route):
        by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in by_status.items():
        found[str(status)] = _failure(kinds)
    for status, model in operation.also.items():
        content = {"application/json": {"schema": references[model]}}
        found[str(status)] = {"description": "Not now.", "content": content, "headers": {"Retry-After": RETRY}}
    return found


def _success(route: Route, references: dict[Any, Schema]) -> Schema:
    operation = route.operation
    headers = dict(LIMIT_HEADERS) if route.asker else {}
    if operation.etag:
        headers["ETag"] = ETAG
    if operation.once:
        headers["Idempotency-Replayed"] = REPLAYED
    made: Schema = {"description": "Done.", "headers": headers}
    if operation.status != 204:
        schema = references[operation.answer] if operation.answer is not None else {"type": "string"}
        made["content"] = {operation.media: {"schema": schema}}
    return made


def _failure(kinds: list[type[InboxError]]) -> Schema:
    codes = [kind.code for kind in kinds]
    extras = {name: schema for kind in kinds for name, schema in EXTRAS.get(kind, {}).items()}
    body: Schema = {"type": "object", "properties": {"code": {"enum": codes}, **extras}}
    schema = {"allOf": [{"$ref": TEMPLATE.format(model="Error")}, {"properties": {"error": body}}]}
    made: Schema = {"description": " or ".join(codes), "content": {"application/json": {"schema": schema}}}
    if kinds[0] in {errors.RateLimited, errors.Unavailable}:
        made["headers"] = {"Retry-After": RETRY}
    return made
