"""The filters of a list of conversations, from the query to values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import request
from sqlalchemy import Connection

from inbox import reading
from inbox.access import Agent
from inbox.api.asking import decode_cursor
from inbox.api.schemas import moment
from inbox.conversation import LARGEST_ID, RESPONDER_STATES, STATUSES
from inbox.errors import Invalid
from inbox.reading import Filter


def asked_filter(connection: Connection, who: Agent, most: int) -> Filter:
    """The request's filter. Raises Invalid for a value that does not exist."""
    cursor = decode_cursor(str, int)
    before = None
    if cursor is not None:
        at = moment(cursor[0])
        if at is None or not 0 < cursor[1] <= LARGEST_ID:
            raise Invalid("Not valid: cursor.", fields={"cursor": "is none that was given out"})
        before = (at.isoformat(), cursor[1])
    return Filter(
        statuses=_known("status", STATUSES),
        assignee=_assignee(connection, who),
        responder_states=_known("responder_state", RESPONDER_STATES),
        label=request.args.get("label"),
        words=request.args.get("q", "").strip()[:200] or None,
        before=before,
        limit=most,
    )


def _known(name: str, values: Sequence[str]) -> list[str]:
    given = request.args.getlist(name)
    if not all(value in values for value in given):
        raise Invalid(f"Not valid: {name}.", fields={name: f"must be one of {', '.join(values)}"})
    return given


def _assignee(connection: Connection, who: Agent) -> int | str | None:
    given = request.args.get("assignee")
    if given is None or given == "none":
        return given
    if given == "me":
        return who.id
    known = {member["id"] for member in reading.members(connection, who.project_id)}
    if re.fullmatch(r"[0-9]{1,19}", given, re.ASCII) and int(given) in known:
        return int(given)
    raise Invalid("Not valid: assignee.", fields={"assignee": "must be a member's id, me or none"})
