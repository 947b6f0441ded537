"""What tests of a project's own tools share: a server that one of its hosts leads to, and tools made there.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from inbox.services import Services
from inbox.settings import Settings
from jobs.context import Context
from jobs.workshop import LocalWorkshop
from tests.integration.callers import House
from tests.tool_server import HOST, ToolServer

SECRET = "Bearer s3cr3t-canary"
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


@pytest.fixture
def server(app: Flask, services: Services, settings: Settings) -> Iterator[ToolServer]:
    """A server that HOST leads to, for the application's trials."""
    with ToolServer() as server:
        wired = app.extensions["tandem"]
        workshop = LocalWorkshop(services.database, settings, server.network)
        app.extensions["tandem"] = replace(wired, workshop=workshop)
        yield server


@pytest.fixture
def worker(worker: Context, server: ToolServer) -> Context:
    """A worker whose tools reach the server."""
    return replace(worker, network=server.network)


def allow(house: House, host: str = HOST) -> dict[str, Any]:
    response = house.ada.post("/tool-hosts", {"host": host})
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def make(house: House, server: ToolServer, **more: Any) -> dict[str, Any]:
    allow(house)
    given = {"name": "order_status", "description": "Where it is.", "url": server.url(), "parameters": SCHEMA, **more}
    response = house.ada.post("/tools", given)
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def with_secret(house: House, server: ToolServer, **more: Any) -> dict[str, Any]:
    return make(house, server, header_name="Authorization", header_value=SECRET, **more)


ASKING = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "answer", "type": "llm", "data": {"prompt": "Answer with what the tool says."}},
    ],
    "edges": [{"source": "start", "target": "answer"}],
    "globalTools": [{"name": "order_status", "enabled": True, "instruction": "when they ask where it is"}],
}
