"""The routes for working hours: managers set them, and visitors hear when somebody is back."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from inbox import representation, working_hours
from inbox.access import Agent
from inbox.api.answering import answer, seen_versions
from inbox.api.asking import agent_route, body, query, services, visitor_route, wiring
from inbox.api.team_schemas import HoursBody
from inbox.visiting import Visit

blueprint = Blueprint("hours", __name__, url_prefix="/api/v1")


@blueprint.get("/working-hours")
@agent_route
def show(who: Agent) -> Response:
    """The project's working hours, and whether they say that somebody is there now."""
    query()
    with services().reading() as connection:
        setting = working_hours.find(connection, who.project_id)
    return answer(setting.as_json(datetime.now(UTC)), version=setting.version)


@blueprint.put("/working-hours")
@agent_route
def change(who: Agent) -> Response:
    """Set them as a whole; managers only."""
    wanted = body(HoursBody)
    with services().statement() as writing:
        setting = working_hours.change(
            writing.connection, who, wanted.hours(), enabled=wanted.enabled, seen=seen_versions()
        )
    return answer(setting.as_json(datetime.now(UTC)), version=setting.version)


@blueprint.get("/widget/availability")
@visitor_route
def availability(visit: Visit) -> Response:
    """Whether an agent is there now, and when people answer again where they do not at this hour."""
    query()
    with services().reading() as connection:
        back_at = working_hours.back_at(connection, visit.project_id, datetime.now(UTC))
    here = bool(wiring().presence.here(visit.project_id))
    return answer({"people_here": here, "back_at": None if here else representation.moment(back_at)})
