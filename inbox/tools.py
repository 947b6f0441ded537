"""A project's own HTTP tools: what each is, and who changed it last.

Owns the statements that managers' acts take. What is wrong with a tool is the workshop's to say (inbox/workshop.py).
A secret goes in and never comes out: no statement here selects it (tests/integration/test_tools.py).
Every function is scoped by the asker's project: another project's tool is NotFound.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from inbox import audit, guarded, representation, tool_hosts
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid, NotFound
from inbox.saying import later
from inbox.sealing import Sealer
from inbox.workshop import Workshop

Row = Mapping[Any, Any]
FIELDS = ("name", "description", "parameters", "method", "url", "header_name")
MOST_TOOLS = 100  # of a project; the workflow chooses among them
# Trying a tool is theirs too, for it sends the secret out.
FOR_MANAGERS = later("Only managers change tools. Ask one of them.")
TAKEN = later("is the name of another tool of this project")
ENTER_AGAIN = later("must be entered again, because the tool would send it to another server now")
NEEDS_VALUE = later("is needed: what the header says")
NEEDS_HEADER = later("is needed: the header that carries the secret")

SHOWN = """id, project_id, name, description, parameters, method, url, header_name,
    header_value IS NOT NULL AS has_secret, version, changed_by, created_at, updated_at"""
LISTED = text(
    f"SELECT {SHOWN} FROM http_tool WHERE project_id = :project AND id < :before ORDER BY id DESC LIMIT :limit"
)
FIND = f"SELECT {SHOWN} FROM http_tool WHERE id = :tool AND project_id = :project"
CREATE = text(
    f"""
WITH t AS (
    INSERT INTO http_tool
        (project_id, name, description, parameters, method, url, header_name, header_value, changed_by)
    SELECT :project, :name, :description, CAST(:parameters AS jsonb), :method, :url, :header_name, :header_value,
        :who_name
    WHERE (SELECT count(*) FROM http_tool WHERE project_id = :project) < :most
    RETURNING *),
{audit_cte("t", "'tool_created'", subject="t.name", data="jsonb_build_object('url', t.url)")}
SELECT {SHOWN} FROM t
"""
)
EDIT = text(
    f"""
WITH t AS (UPDATE http_tool SET
    name = :name, description = :description, parameters = CAST(:parameters AS jsonb), method = :method, url = :url,
    header_name = :header_name,
    header_value = CASE WHEN CAST(:header_name AS text) IS NOT NULL
        THEN COALESCE(CAST(:header_value AS bytea), header_value) END,
    version = version + 1, changed_by = :who_name, updated_at = clock_timestamp()
WHERE id = :tool AND project_id = :project
RETURNING *),
{audit_cte("t", "'tool_changed'", subject="t.name", data="jsonb_build_object('changed', CAST(:changed AS jsonb))")}
SELECT {SHOWN} FROM t
"""
)
DELETE = text(
    f"""
WITH t AS (DELETE FROM http_tool WHERE id = :tool AND project_id = :project RETURNING *),
{audit_cte("t", "'tool_deleted'", subject="t.name")}
SELECT name FROM t
"""
)


def listed(connection: Connection, project_id: int, *, before: int | None = None, limit: int = 50) -> list[Row]:
    """The project's tools, newest first."""
    parameters = {"project": project_id, "before": before or LARGEST_ID, "limit": limit}
    return list(connection.execute(LISTED, parameters).mappings())


def find(connection: Connection, project_id: int, tool_id: int, *, locked: bool = False) -> Row:
    """One tool; `locked` until the transaction's end. Raises NotFound."""
    statement = text(FIND + (" FOR UPDATE" if locked else ""))
    row = connection.execute(statement, {"tool": tool_id, "project": project_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def create(connection: Connection, who: Agent, given: Mapping[str, Any], workshop: Workshop, sealer: Sealer) -> Row:
    """A new tool. Raises Forbidden unless they are a manager, and Invalid with what is wrong by field."""
    require_manager(who, FOR_MANAGERS)
    _judge(connection, who, given, workshop, has_secret=False)
    parameters = _parameters(who, given, sealer) | {"most": MOST_TOOLS}
    try:
        row = connection.execute(CREATE, parameters).mappings().one_or_none()
    except IntegrityError:
        raise _invalid({"name": TAKEN}) from None
    if row is None:
        raise _invalid({"name": f"is one more than the {MOST_TOOLS} tools that a project may have"})
    return row


def edit(
    connection: Connection,
    who: Agent,
    tool_id: int,
    changes: Mapping[str, Any],
    workshop: Workshop,
    sealer: Sealer,
    *,
    seen: Collection[int] | None = None,
) -> Row:
    """Set the given fields; one version more, or none where nothing changes. Must run in a transaction.

    A secret that is not given stays, but never follows the tool to another server: who changes the address must know
    it. `seen` are the versions that the asker saw: StaleVersion with the current `tool` if it is none of them any
    more. Raises NotFound, Forbidden and Invalid.
    """
    require_manager(who, FOR_MANAGERS)
    row = find(connection, who.project_id, tool_id, locked=True)
    guarded.require_seen(row, seen, "tool", representation.tool)
    given = {**{name: row[name] for name in FIELDS}, "header_value": None, **changes}
    if given["header_value"] is None and all(given[name] == row[name] for name in FIELDS):
        return {**row, "written": False}
    _judge(connection, who, given, workshop, has_secret=_keeps_secret(row, given))
    try:
        parameters = _parameters(who, given, sealer) | {"tool": tool_id, "changed": _changed(row, given)}
        written = connection.execute(EDIT, parameters).mappings().one()
    except IntegrityError:
        raise _invalid({"name": TAKEN}) from None
    return {**written, "written": True}


def delete(connection: Connection, who: Agent, tool_id: int, *, seen: Collection[int] | None = None) -> None:
    """Forget a tool and its secret. Must run in a transaction. Raises as `edit` does."""
    require_manager(who, FOR_MANAGERS)
    row = find(connection, who.project_id, tool_id, locked=True)
    guarded.require_seen(row, seen, "tool", representation.tool)
    connection.execute(DELETE, {**who.asking, "tool": tool_id})


def named_in(definition: Mapping[str, Any]) -> frozenset[str]:
    """The tools that a workflow's definition names, its own and built-in ones alike."""
    found: set[str] = set()
    for node in definition.get("nodes") or ():
        data = node.get("data") if isinstance(node, Mapping) else None
        if isinstance(data, Mapping):
            found.add(str(data.get("toolName")))
    for tool in definition.get("globalTools") or ():
        found.add(str(tool.get("name")) if isinstance(tool, Mapping) else str(tool))
    return frozenset(found)


def to_try(connection: Connection, who: Agent, tool_id: int) -> Row:
    """The tool that somebody tries, written down first: it calls what is outside. Raises Forbidden and NotFound."""
    require_manager(who, FOR_MANAGERS)
    row = find(connection, who.project_id, tool_id)
    audit.record(connection, who, "tool_tried", row["name"])
    return row


def host_of(url: str) -> str:
    """The host of a saved tool's address, as the list of hosts has it."""
    return (urlsplit(url).hostname or "").rstrip(".")


def _keeps_secret(row: Row, given: Mapping[str, Any]) -> bool:
    """Whether the tool's secret stays. Raises Invalid where it would go to another server."""
    keeps = bool(row["has_secret"]) and given["header_name"] is not None and given["header_value"] is None
    if keeps and _server(given["url"]) != _server(row["url"]):
        raise _invalid({"header_value": ENTER_AGAIN})
    return keeps


def _judge(
    connection: Connection, who: Agent, given: Mapping[str, Any], workshop: Workshop, *, has_secret: bool
) -> None:
    allowed = [row["host"] for row in tool_hosts.listed(connection, who.project_id)]
    faults: dict[str, str] = dict(workshop.tool_faults(given, allowed))
    if given["header_name"] is not None and given["header_value"] is None and not has_secret:
        faults.setdefault("header_value", NEEDS_VALUE)
    if given["header_name"] is None and given["header_value"] is not None:
        faults.setdefault("header_name", NEEDS_HEADER)
    if faults:
        raise _invalid(faults)


def _parameters(who: Agent, given: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    secret = given["header_value"]
    return {
        **{name: given[name] for name in FIELDS},
        **who.asking,
        "parameters": json.dumps(given["parameters"]),
        "header_value": None if secret is None else sealer.seal(secret),
    }


def _changed(row: Row, given: Mapping[str, Any]) -> str:
    """For the log: what each field was and is. Of the secret only that it was entered anew."""
    changed = {name: {"from": row[name], "to": given[name]} for name in FIELDS if row[name] != given[name]}
    return json.dumps(changed | ({"header_value": "entered anew"} if given["header_value"] is not None else {}))


def _server(url: str) -> tuple[str, str]:
    """Scheme, host and port: who hears the secret, and over what."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.scheme.lower(), parts.netloc.lower()


def _invalid(faults: Mapping[str, str]) -> Invalid:
    return Invalid(f"Not valid: {', '.join(faults)}.", fields=dict(faults))
