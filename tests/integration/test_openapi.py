"""The API's document: every route is in it, with the schemas that validate, and nothing else is."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import jsonschema
import pytest
from flask import Flask

from app import create_app
from inbox import errors
from inbox.api.openapi import Route, api_routes, document
from inbox.api.operations import OPERATIONS
from inbox.api.refusals import GUIDE, PROBLEM_CODES
from inbox.errors import InboxError
from inbox.services import Services
from inbox.settings import Settings
from responder import problems
from tests.integration.callers import Caller, House


@pytest.fixture
def limited(settings: Settings, services: Services) -> Flask:
    """The application with few calls for each token."""
    return create_app(replace(settings, rate_limits=True, rate_calls="3/minute"), services)


def routes(app: Flask) -> list[Route]:
    """Every route of the API but the pages about it."""
    return list(api_routes(app))


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    known = {route.endpoint for route in routes(app)}
    lines = [f'    "{name}": Operation(answers.…),' for name in sorted(known - OPERATIONS.keys())]
    assert not lines, "Add to OPERATIONS in inbox/api/operations.py:\n" + "\n".join(lines)
    stale = sorted(OPERATIONS.keys() - known)
    assert not stale, f"Take out of OPERATIONS in inbox/api/operations.py, for no route has them: {stale}"
    told = {(path, method.upper()) for path, methods in document(app)["paths"].items() for method in methods}
    assert told == {(route.path, route.method) for route in routes(app)}


def source(route: Route) -> str:
    """The view's own source, its decorators unwrapped."""
    view: Callable[..., Any] = inspect.unwrap(route.view)
    return inspect.getsource(view)


def test_the_described_body_is_the_one_that_validates(app: Flask) -> None:
    for route in routes(app):
        validated = re.findall(r"\bbody\((\w+)\)", source(route))
        if "_acted(" in source(route):  # of conversations, for acts that take no fields
            validated = ["NothingBody"]
        told = route.operation.body.__name__ if route.operation.body else None
        if validated and route.method != "DELETE":
            assert validated == [told], route.endpoint
        elif "json_object()" in source(route):
            assert told is not None, route.endpoint
        else:
            assert told is None, route.endpoint


def test_the_described_query_is_the_one_that_is_known(app: Flask) -> None:
    for route in routes(app):
        calls = re.findall(r"\bquery\(([^)]*)\)", source(route))
        known = set(re.findall(r'"(\w+)"', calls[0])) if calls else set()
        assert {parameter.name for parameter in route.operation.query} == known, route.endpoint


def test_the_described_headers_are_the_ones_that_are_read(app: Flask) -> None:
    for route in routes(app):
        assert route.operation.once == bool(re.search(r"\b(created|asked_once)\(", source(route))), route.endpoint
        assert route.operation.if_match == ("seen_versions()" in source(route)), route.endpoint


def test_examples_are_valid(app: Flask) -> None:
    for route in routes(app):
        if route.operation.body is not None:
            route.operation.body.model_validate(route.operation.example)


def test_the_document_is_one(app: Flask) -> None:
    told = Caller(app).get("/openapi.json").get_json()
    assert told["openapi"].startswith("3.1")
    assert told == document(app)
    for schema in told["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(told)))
    assert references <= told["components"]["schemas"].keys()
    names = [operation["operationId"] for methods in told["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def kinds(parent: type[InboxError]) -> set[type[InboxError]]:
    """Every error of the tree."""
    return {parent, *(kind for child in parent.__subclasses__() for kind in kinds(child))}


def test_the_document_is_asked_for_again_only_if_it_changed(app: Flask) -> None:
    first = Caller(app).get("/openapi.json")
    again = {"If-None-Match": first.headers["ETag"]}
    assert Caller(app).get("/openapi.json", headers=again).status_code == 304
    for of_writers in ('"another"', "*"):
        got = Caller(app).get("/openapi.json", headers={"If-Match": of_writers})
        assert (got.status_code, got.data) == (200, first.data)


def test_every_error_code_has_advice(app: Flask) -> None:
    missing = {kind.__name__ for kind in kinds(InboxError) - {InboxError} - GUIDE.keys()}
    assert not missing, f"Add to GUIDE in inbox/api/refusals.py what to do about {sorted(missing)}"
    page = app.test_client().get("/api/docs")
    assert page.status_code == 200
    for kind in GUIDE:
        assert f'id="error-{kind.code}"' in page.text
    for route in routes(app):
        assert f"{route.method} {route.path}" in page.text
    assert "<script>" not in page.text
    assert "style=" not in page.text


def test_every_code_of_a_problem_is_listed() -> None:
    """As the checks of a workflow name them."""
    source = Path(problems.__file__).read_text()
    named = [one.args[0] for one in ast.walk(ast.parse(source)) if _is_problem(one)]
    assert {code.value for code in named if isinstance(code, ast.Constant)} == set(PROBLEM_CODES)


def _is_problem(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"


@pytest.mark.parametrize(
    "path", ["/conversations", "/conversations/{}", "/conversations/{}/messages", "/me", "/project"]
)
def test_answers_have_exactly_the_described_fields(app: Flask, house: House, path: str) -> None:
    visitor = house.visit("Where is my order?")
    told = document(app)
    given = house.ada.get(path.format(visitor.conversation_id)).get_json()
    template = "/api/v1" + path.format("{number}")
    schema = told["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    _same_fields(given, schema, told["components"]["schemas"])


def _same_fields(given: Any, schema: Any, known: dict[str, Any]) -> None:
    """Every object with a described form has its fields, and no other."""
    while "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if isinstance(given, list):
        for one in given:
            _same_fields(one, schema["items"], known)
    elif isinstance(given, dict) and "properties" in schema:
        assert given.keys() == schema["properties"].keys()
        for name, inner in schema["properties"].items():
            _same_fields(given[name], inner, known)


def test_answers_say_how_much_may_still_be_asked(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    answer = Caller(limited, house.ada.token).get("/me")
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["X-RateLimit-Remaining"] == "2"
    for _ in range(2):
        Caller(limited, house.ada.token).get("/project")
    refused = Caller(limited, house.ada.token).get("/conversations")
    assert refused.status_code == errors.RateLimited.status
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert Caller(limited, house.ben.token).get("/me").status_code == 200
