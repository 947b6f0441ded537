"""The API's document for programs, and the same document as a page for people.

Owns both addresses. The page is rendered from the document alone, so that it cannot say anything else; its words about
receiving webhooks are in the template.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from markupsafe import Markup, escape

from inbox.api.answering import answer
from inbox.api.openapi import document
from inbox.api.refusals import GUIDE

blueprint = Blueprint("document", __name__)
SHELL_QUOTE = str.maketrans({"'": r"'\''"})
# The groups that come first, in this order; others follow by name.
TITLES = {
    "conversations": "Conversations",
    "visitors": "Visitors",
    "labels": "Labels",
    "snippets": "Snippets",
    "workflow": "Workflow",
    "members": "Team",
    "project": "Project and you",
    "saved-views": "Saved views",
    "reports": "Report",
    "tokens": "API tokens",
    "webhooks": "Webhooks",
    "events": "Event stream",
    "widget": "The visitors’ side",
    "service": "The service",
}


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """This document: OpenAPI 3.1. Any page may read it, and it is kept until it changes."""
    response = answer(known())
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    # An If-Match means nothing where nothing is written, as with every other GET.
    response.make_conditional({name: value for name, value in request.environ.items() if name != "HTTP_IF_MATCH"})
    return response


@blueprint.get("/api/docs")
def page() -> str:
    """The document as a page, with what to do about each error."""
    guide = [(kind.status, kind.code, marked(words)) for kind, words in GUIDE.items()]
    operations = [
        {**operation, "method": method.upper(), "path": path, "curl": curl(method.upper(), path, operation)}
        for path, methods in known()["paths"].items()
        for method, operation in methods.items()
    ]
    return render_template("api.html", document=known(), groups=grouped(operations), guide=guide, marked=marked)


def grouped(operations: list[dict[str, Any]]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """(tag, title, operations) for each group, in the page's order."""

    def place(one: dict[str, Any]) -> tuple[int, str]:
        tag = one["tags"][0]
        return (list(TITLES).index(tag) if tag in TITLES else len(TITLES)), tag

    ordered = sorted(operations, key=place)
    return [
        (tag, TITLES.get(tag, tag.replace("-", " ").capitalize()), list(members))
        for (_, tag), members in groupby(ordered, key=place)
    ]


def curl(method: str, path: str, operation: dict[str, Any]) -> str:
    """The operation's example as a command line."""
    lines = [f"curl{'' if method == 'GET' else f' -X {method}'} '{request.url_root.rstrip('/')}{path}'"]
    needs = [name for need in operation.get("security", []) for name in need]
    if needs:
        lines.append(f'-H "Authorization: Bearer ${"VISITOR_TOKEN" if needs[0] == "visitorToken" else "TOKEN"}"')
    headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
    if "If-Match" in headers:
        lines.append("-H 'If-Match: \"7\"'")
    if "Idempotency-Key" in headers:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        lines.append(f"-H 'Content-Type: {media}'")
        sent = json.dumps(content["example"], ensure_ascii=False) if "example" in content else ""
        lines.append(f"-d '{sent.translate(SHELL_QUOTE)}'" if sent else "--data-binary @FILE")
    return " \\\n  ".join(lines)


def marked(words: str) -> Markup:
    """A sentence with its `code` set as code."""
    parts = (str(escape(part)) for part in words.split("`"))
    return Markup("".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)))


def known() -> dict[str, Any]:
    """The document, made once for each application."""
    made = current_app.extensions.get("tandem_document")
    if made is None:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # which its type does not show
        made = current_app.extensions["tandem_document"] = document(app)
    return dict(made)
