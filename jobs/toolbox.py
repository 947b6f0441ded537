"""A project's own tools and its members, as a turn may use them: always of the turn's project, whatever a model says.

Owns the reading, and one call's scope. Secrets are opened here, on their way into the call, and go nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, text

from inbox.sealing import Sealer
from responder.http_tools import HttpTool, call
from responder.public_network import Network
from responder.snapshot import Colleague
from responder.tools import Tool, ToolFailed

TOOLS = text(
    """
SELECT t.name, t.description, t.parameters, t.url, t.method, t.header_name, t.header_value,
    ARRAY(SELECT h.host FROM tool_host h WHERE h.project_id = t.project_id) AS hosts
FROM http_tool t WHERE t.project_id = :project ORDER BY t.id
"""
)
# An e-mail address is one person's; a name may be several people's, and then it is nobody's.
MEMBER = text(
    """
SELECT a.id, a.name, a.email FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.project_id = :project AND (lower(a.email) = lower(:named) OR lower(a.name) = lower(:named))
ORDER BY lower(a.email) = lower(:named) DESC, a.id LIMIT 2
"""
)


@dataclass(frozen=True)
class Toolbox:
    """The tools of one project by name, their sealed secrets, and the ids of who asks, which go with each call.

    Without a sealer those with a secret fail when they are called.
    """

    tools: Mapping[str, HttpTool] = field(default_factory=dict)
    sealed: Mapping[str, bytes] = field(default_factory=dict)
    scope: Mapping[str, int] = field(default_factory=dict)
    sealer: Sealer | None = None
    network: Network = field(default_factory=Network)

    @property
    def known(self) -> tuple[Tool, ...]:
        """What a model may know of them."""
        return tuple(tool.as_tool() for tool in self.tools.values())

    def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The tool's answer. Raises ToolFailed, and nothing else."""
        tool = self.tools.get(name)
        if tool is None:
            raise ToolFailed("the project has no such tool any more")
        if name in self.sealed:
            secret = self.sealer.open(self.sealed[name]) if self.sealer else None
            tool = replace(tool, secret=secret, secret_lost=secret is None)
        return call(tool, arguments, self.scope, self.network)


NOTHING = Toolbox()  # of a turn without a workflow, which has no use for tools


def read(connection: Connection, project_id: int, scope: Mapping[str, int]) -> Toolbox:
    """The project's tools."""
    rows = connection.execute(TOOLS, {"project": project_id}).all()
    sealed = {row.name: bytes(row.header_value) for row in rows if row.header_value is not None}
    return Toolbox({row.name: _tool(row) for row in rows}, sealed, scope)


def names(connection: Connection, project_id: int) -> list[Tool]:
    """What a workflow may name beside the built-in tools."""
    return list(read(connection, project_id, {}).known)


def colleague(connection: Connection, project_id: int, named: str) -> Colleague | None:
    """The one member of the project with this e-mail address or name; None for nobody, and for two of a name."""
    found = [Colleague(*row) for row in connection.execute(MEMBER, {"project": project_id, "named": named})]
    if len(found) == 2 and found[0].email.lower() != named.lower():
        return None
    return found[0] if found else None


def _tool(row: Any) -> HttpTool:
    return HttpTool(
        name=row.name,
        description=row.description,
        schema=row.parameters,
        url=row.url,
        method=row.method,
        hosts=frozenset(row.hosts),
        header=row.header_name,
    )
