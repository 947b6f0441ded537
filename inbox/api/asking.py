"""What a request asks: who, about which id, with which body and query. Everything that can be wrong is said here.

Owns parsing, but for pages of lists: paging.py. Must not touch conversations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from inbox import access, receiving
from inbox.api import json_body
from inbox.api.fields import Body, check_json
from inbox.conversation import LARGEST_ID, storable
from inbox.errors import BadJson, Forbidden, InboxError, Invalid, NotFound, Unauthorized, UnknownField
from inbox.limits import limited_calls, limited_visits
from inbox.services import Services
from inbox.tokens import digest
from inbox.visiting import Visit
from inbox.wiring import Wiring

P = ParamSpec("P")
B = TypeVar("B", bound=Body)
Route = Callable[..., ResponseReturnValue]
REPEATABLE = frozenset({"status", "responder_state"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})
ASKER_AGENT, ASKER_VISITOR, ASKER_PAGE = "agent", "visitor", "page"
DEEPEST_OBJECT = 40  # levels of a body that is stored as it is


def wiring() -> Wiring:
    """This application's wiring."""
    return cast(Wiring, current_app.extensions["tandem"])


def services() -> Services:
    """This application's services."""
    return wiring().services


def bearer() -> str | None:
    """The token of the Authorization header, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def agent_route(view: Callable[..., ResponseReturnValue]) -> Route:
    """The view gets the asking Agent first. 401 without a valid token, 403 if a reading token would change things."""

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        token = bearer()
        if token is None:
            raise Unauthorized("Send an API token as `Authorization: Bearer …`.")
        with services().reading() as connection:
            agent = access.by_token(connection, token)
        if agent.only_reads and request.method not in READING:
            raise Forbidden("This token may only read. Use one with a wider scope.")
        g.scope = f"agent:{digest(token).hex()}"
        return view(agent, *arguments, **named)

    return asked_by(ASKER_AGENT, limited_calls(asked))


def visitor_route(view: Callable[..., ResponseReturnValue]) -> Route:
    """The view gets the asking Visit first. 401 without a valid token."""

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        token = bearer()
        visit = _visit(token)
        g.scope = visitor_scope(token or "")
        return view(visit, *arguments, **named)

    return asked_by(ASKER_VISITOR, limited_visits(asked))


def visitor_token_route(view: Callable[..., ResponseReturnValue]) -> Route:
    """The view gets the visitor's token first, and its own statement finds out whose it is.

    401 without a valid token, whatever else is wrong with the request.
    """

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        token = bearer()
        try:
            return view(token or "", *arguments, **named)
        except InboxError as error:
            if not isinstance(error, Unauthorized):
                _visit(token)
            raise

    return asked_by(ASKER_VISITOR, limited_visits(asked))


def _visit(token: str | None) -> Visit:
    with services().reading() as connection:
        visit = receiving.known(connection, token)
    g.visit_project = visit.project_id
    return visit


def visitor_scope(token: str) -> str:
    """Whose Idempotency-Keys these are."""
    return f"visitor:{digest(token).hex()}"


def asker_of(view: Callable[..., Any]) -> str | None:
    """Whom the route asks for: ASKER_AGENT, ASKER_VISITOR, ASKER_PAGE, or None where no decorator asks."""
    return getattr(view, "asker", None)


def asked_by(asker: str, route: Route) -> Route:
    """The same route, which says of itself whom it asks for: the document and the route matrix go by that."""
    setattr(route, "asker", asker)  # noqa: B010  # a function has no such field for mypy
    return route


def bigint(text: str) -> int:
    """An id from a path; what can be no id is as unknown as a missing one."""
    if re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) and 0 < int(text) <= LARGEST_ID:
        return int(text)
    raise NotFound


def body(schema: type[B]) -> B:
    """The request's JSON body as a valid schema. Raises NotJson, BadJson, UnknownField or Invalid.

    A route with a body takes no query parameters.
    """
    query()
    return valid(schema, json_body.came())


def json_object() -> dict[str, Any]:
    """The request's JSON body as it is: an object of values that can be stored, of a form that the route knows.

    Raises NotJson, BadJson or Invalid.
    """
    query()
    given = json_body.came()
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.", fields={})
    try:
        check_json(given, DEEPEST_OBJECT)
    except ValueError as fault:
        raise Invalid(f"Not valid: the body {fault}.", fields={"body": str(fault)}) from None
    return given


def valid(schema: type[B], given: Any) -> B:
    """`given` as a valid schema. Raises UnknownField or Invalid, with a sentence for each field."""
    if not isinstance(given, dict):
        raise Invalid("The body must be a JSON object.", fields={})
    try:
        return schema.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
    except RecursionError:
        raise BadJson("The body is nested too deeply.") from None
    unknown = {_place(fault): "is not known" for fault in faults if fault["type"] == "extra_forbidden"}
    if unknown:
        raise UnknownField(f"Unknown: {', '.join(unknown)}.", fields=unknown)
    fields = {_place(fault): fault["msg"].removeprefix("Value error, ") for fault in faults}
    raise Invalid(f"Not valid: {', '.join(fields) or 'the body'}.", fields=fields)


def _place(fault: ErrorDetails) -> str:
    return ".".join(printable(part) for part in fault["loc"])


def printable(part: object) -> str:
    """A name from a request as it can be said back in JSON."""
    return str(part).encode("utf-8", "replace").decode("utf-8")[:100]


def query(*known: str) -> None:
    """Raise Invalid for a query parameter that the route does not know, that is given twice, or cannot be stored."""
    if not request.query_string:
        return
    unknown = [name for name in request.args if name not in known]
    if unknown:
        names = {printable(name): "is not known here" for name in unknown}
        raise Invalid(f"Unknown query parameter: {', '.join(names)}.", fields=names)
    for name, values in request.args.lists():
        if not all(storable(value) for value in values):
            raise Invalid(f"Not valid: {name}.", fields={name: "holds characters that cannot be stored"})
        if len(values) > 1 and name not in REPEATABLE:  # rather than leave out all but the first without a word
            raise Invalid(f"Not valid: {name}.", fields={name: "is given more than once"})
