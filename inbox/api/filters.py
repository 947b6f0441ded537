"""The filters of a list of conversations, from the query to values, and a page of it with where the next begins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, request
from sqlalchemy import Connection

from inbox import reading, representation, search
from inbox.access import Agent
from inbox.api.answering import listed
from inbox.api.fields import moment
from inbox.api.paging import decode_cursor, encode_cursor, unknown_cursor
from inbox.conversation import LARGEST_ID, RESPONDER_STATES, STATUSES
from inbox.errors import Invalid
from inbox.listed import SORTS, Filter, Sort


def asked_filter(connection: Connection, who: Agent, most: int) -> Filter:
    """The request's filter. Raises Invalid for a value that does not exist."""
    wanted = Filter(
        statuses=_known("status", STATUSES),
        assignee=_assignee(connection, who),
        responder_states=_known("responder_state", RESPONDER_STATES),
        label=request.args.get("label"),
        search=search.parse(request.args.get("q")),
        who=who.id,
        sort=_sort(),
    )
    return decode_position(wanted, most)


def decode_position(wanted: Filter, most: int) -> Filter:
    """The filter from the request's cursor on. Raises Invalid for a cursor that was never given out."""
    cursor = decode_cursor(str, int) if wanted.sort == "newest" else decode_cursor(str, int, bool)
    if cursor is None:
        return replace(wanted, limit=most)
    at = moment(cursor[0])
    if at is None or not 0 < cursor[1] <= LARGEST_ID:
        raise unknown_cursor()
    waits = cursor[2] if wanted.sort == "waiting" else None
    return replace(wanted, limit=most, before=(at.isoformat(), cursor[1]), waits=waits)


def cursor_at(sort: Sort, number: int, active_at: datetime, waits_since: datetime | None) -> str:
    """The cursor behind a row of a list in this order."""
    if sort == "newest":
        return encode_cursor(representation.moment(active_at), number)
    return encode_cursor(representation.moment(waits_since or active_at), number, waits_since is not None)


def page_of(rows: Sequence[Mapping[Any, Any]], most: int, sort: Sort) -> Response:
    """A page of the list: the first `most` of rows that were asked for with one more, and the cursor behind them."""
    shown = [representation.conversation(row, row["visitor"]) for row in rows[:most]]
    if len(rows) <= most:
        return listed(shown, None)
    last = rows[most - 1]
    return listed(shown, cursor_at(sort, last["id"], last["active_at"], last["waits_since"]))


def _sort() -> Sort:
    given = request.args.get("sort", "newest")
    for sort in SORTS:
        if sort == given:
            return sort
    raise Invalid("Not valid: sort.", fields={"sort": f"must be one of {', '.join(SORTS)}"})


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
