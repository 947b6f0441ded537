"""The API's document for programs, and the same document as a page for people.

Owns both addresses. The page is rendered from the document alone, so that it cannot say anything else.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from inbox.api.answering import answer
from inbox.api.openapi import document
from inbox.api.operations import GUIDE

blueprint = Blueprint("document", __name__)


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """This document: OpenAPI 3.1."""
    return answer(known())


@blueprint.get("/api/docs")
def page() -> str:
    """The document as a page, with what to do about each error."""
    guide = [(kind.status, kind.code, words) for kind, words in GUIDE.items()]
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in known()["paths"].items()
        for method, operation in methods.items()
    ]
    groups = [
        (tag, list(members))
        for tag, members in groupby(sorted(operations, key=lambda one: str(one["tags"])), lambda one: one["tags"][0])
    ]
    return render_template("api.html", document=known(), groups=groups, guide=guide)


def known() -> dict[str, Any]:
    """The document, made once for each application."""
    made = current_app.extensions.get("tandem_document")
    if made is None:
        made = current_app.extensions["tandem_document"] = document(current_app._get_current_object())  # type: ignore[attr-defined]
    return dict(made)
