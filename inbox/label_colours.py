"""The colours of a project's labels: a dot beside the name, so that one is found at a glance.

Owns the statements. A label without a colour has no row here; renaming one (inbox/labels.py) takes its colour along.
"""

from __future__ import annotations

from typing import Literal, get_args

from sqlalchemy import Connection, text

from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.saying import later

Colour = Literal["grey", "red", "orange", "yellow", "green", "blue", "violet", "pink"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
FOR_MANAGERS = later("Only managers choose the colours of labels. Ask one of them.")

OF_PROJECT = text("SELECT name, colour FROM label_colour WHERE project_id = :project")
PAINT = text(
    f"""
WITH new AS (
    INSERT INTO label_colour (project_id, name, colour) VALUES (:project, :label, :colour)
    ON CONFLICT (project_id, name) DO UPDATE SET colour = EXCLUDED.colour
    WHERE label_colour.colour <> EXCLUDED.colour RETURNING *),
{audit_cte("new", "'label_coloured'", subject="new.name", data="jsonb_build_object('colour', new.colour)")}
SELECT count(*) FROM new
"""
)
UNPAINT = text(
    f"""
WITH gone AS (DELETE FROM label_colour WHERE project_id = :project AND name = :label RETURNING *),
{audit_cte("gone", "'label_uncoloured'", subject="gone.name")}
SELECT count(*) FROM gone
"""
)
CLEAR = text("DELETE FROM label_colour WHERE project_id = :project AND name = :label")
# A colour that the other name has already is the team's newer word.
MOVE = text(
    """
INSERT INTO label_colour (project_id, name, colour)
SELECT project_id, :new, colour FROM label_colour WHERE project_id = :project AND name = :label
ON CONFLICT (project_id, name) DO NOTHING
"""
)


def of_project(connection: Connection, project_id: int) -> dict[str, str]:
    """The colour of each label that has one."""
    return {row.name: row.colour for row in connection.execute(OF_PROJECT, {"project": project_id})}


def paint(connection: Connection, who: Agent, label: str, colour: Colour | None) -> None:
    """Give a label a colour, or none. Raises Forbidden unless they are a manager."""
    require_manager(who, FOR_MANAGERS)
    if colour is None:
        connection.execute(UNPAINT, {**who.asking, "label": label})
    else:
        connection.execute(PAINT, {**who.asking, "label": label, "colour": colour})


def follow(connection: Connection, project_id: int, label: str, new: str | None) -> None:
    """What happens to a colour when its label is renamed (None: removed). Safe to do twice."""
    named = {"project": project_id, "label": label}
    if new is not None:
        connection.execute(MOVE, {**named, "new": new})
    connection.execute(CLEAR, named)
