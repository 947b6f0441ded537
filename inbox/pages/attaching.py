"""Files in the agents' pages: taken from the composer, shown in the thread. The same acts as the API's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from inbox import acts
from inbox.access import Agent
from inbox.api import attachments
from inbox.api.answering import answer
from inbox.api.asking import bigint, query, services
from inbox.attachments import MOST_BYTES
from inbox.file_types import SHOWN_IN_PLACE
from inbox.pages.browser_session import page

FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
blueprint = Blueprint("attaching", __name__, url_prefix="/conversations/<number>/attachments")


@blueprint.app_template_test("shown_in_place")
def _shown_in_place(media_type: str) -> bool:
    return media_type in SHOWN_IN_PLACE


@blueprint.url_value_preprocessor
def _longer_body(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A file may be longer than a form: said before the form's token is looked for, which reads the body's length.

    A form that is as long as a file would be read whole before anybody is asked who they are.
    """
    if request.mimetype not in FORMS:
        request.max_content_length = MOST_BYTES + 1


@blueprint.post("")
@page
def take(me: Agent, number: str) -> ResponseReturnValue:
    """A file from the composer: its bytes are the body."""
    query("name")
    conversation_id = bigint(number)
    under = f"/conversations/{conversation_id}"
    return attachments.taking(acts.sender(me, conversation_id), under, lambda act, _digest: _answered(act))


def _answered(act: attachments.Act) -> Response:
    with services().statement() as writing:
        made = act(writing)
    return answer(made, 201)


@blueprint.get("/<file>")
@page
def show(me: Agent, number: str, file: str) -> ResponseReturnValue:
    """A file of the conversation."""
    query()
    return attachments.served(acts.sender(me, bigint(number)), file)
