"""Two projects, everybody who might ask about the first, and every route that they may ask.

Owns no test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from inbox.api.asking import READING, asker_of
from inbox.api.operation import Operation
from inbox.api.operations import OPERATIONS
from inbox.pages.browser_session import COOKIE
from inbox.services import Services
from inbox.tokens import digest, new_token
from tests.integration.callers import House
from tests.integration.route_lines import LINES, Line
from tests.integration.things import SECRET, THINGS

IN_CONVERSATIONS = ("conversations", "row", "turns", "drafts", "attachments")


@dataclass(frozen=True)
class Route:
    """One method of one rule."""

    rule: Rule
    method: str
    asker: str
    managers: bool
    line: Line
    operation: Operation | None

    @property
    def is_page(self) -> bool:
        return not self.rule.rule.startswith("/api/v1/")

    @property
    def ids(self) -> dict[str, str]:
        """The ids in the path, each with the word before it, which says what it is an id of."""
        found = re.findall(r"([^/<>]+)/<(?:int:)?(\w+)>", self.rule.rule)
        return {name: word for word, name in found if name not in {"key", *self.line.path}}

    def address(self, ids: Mapping[str, int | str]) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(ids[found.group(1)]), self.rule.rule)


@dataclass(frozen=True)
class Asker:
    """Somebody with a token in the header, or a session's cookie, or both, or neither."""

    name: str
    token: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Scene:
    """Two projects and everybody who might ask about the first."""

    app: Flask
    services: Services
    house: House
    other: House
    askers: dict[str, Asker]

    def ask(self, route: Route, asker: Asker, ids: Mapping[str, int | str]) -> TestResponse:
        """A good request but for who asks and about what."""
        client = self.app.test_client()
        if asker.session:
            client.set_cookie(COOKIE, asker.session)
        headers = {"Authorization": f"Bearer {asker.token}"} if asker.token else {}
        sent: dict[str, Any] = {}
        if route.method not in READING:
            sent = {"data": dict(route.line.form)} if route.is_page else {"json": self._example(route)}
            sent = {"json": route.line.json} if route.line.json is not None else sent
            sent = {"data": route.line.data} if route.line.data else sent
        given = {"key": self.house.key, **route.line.path, **ids}
        query = route.line.query.format(**given)
        address = route.address(given)
        return client.open(address, method=route.method, query_string=query, headers=headers, buffered=False, **sent)

    def _example(self, route: Route) -> Any:
        example = route.operation.example if route.operation else None
        return example | {"project_key": self.house.key} if example and "project_key" in example else example

    def things(self, route: Route, house: House) -> dict[str, int | str]:
        """New things of a house for the ids of the route's path."""
        made: dict[str, int | str] = {}
        of_path: dict[str, Any] = {}  # what was made already, by the word before its id
        conversation = turn = 0
        if set(route.ids.values()) & set(IN_CONVERSATIONS):
            conversation = house.visit(SECRET, name=SECRET).conversation_id
            with self.services.database.begin() as connection:
                find = text("SELECT id FROM turn WHERE conversation_id = :conversation")
                turn = connection.execute(find, {"conversation": conversation}).scalar_one()
        for name, word in route.ids.items():
            if word in {"conversations", "row"}:
                made[name] = conversation
            elif word == "turns":
                made[name] = turn
            else:
                assert word in THINGS, (
                    f"Say in tests/integration/things.py how to make one of what {route.rule.rule} names:\n"
                    f'    "{word}": "INSERT INTO … (project_id, …) VALUES (:project, …) RETURNING id",'
                )
                with self.services.database.begin() as connection:
                    values = {"project": house.project_id, "turn": turn, "webhooks": of_path.get("webhooks")}
                    of_path[word] = connection.execute(text(THINGS[word]), values).scalar_one()
                made[name] = of_path[word]
            if word == "attachments":
                self.app.extensions["tandem"].storage.put(
                    str(made[name]), BytesIO(SECRET.encode()), len(SECRET), "text/plain"
                )
        return made


@pytest.fixture
def scene(app: Flask, services: Services, house: House, other_house: House) -> Scene:
    """Everybody is there; pages take forms without the token that test_a_form_needs_its_token asks for."""
    app.config["WTF_CSRF_ENABLED"] = False
    with services.database.begin() as connection:
        for one in (house, other_house):
            connection.execute(text(THINGS["versions"]), {"project": one.project_id})
        connection.execute(
            text("UPDATE project SET workflow_version = w.version FROM workflow w WHERE project_id = project.id")
        )
    askers = [
        Asker("nobody"),
        Asker("visitor", house.visit().token),
        Asker("agent", house.ben.token, _session(services, house.project_id, house.ben.id)),
        Asker("manager", house.ada.token, _session(services, house.project_id, house.ada.id)),
        Asker("reading token", _token(services, house, "read")),
        Asker("answering token", _token(services, house, "answer")),
        Asker("signed in, no token", None, _session(services, house.project_id, house.ada.id)),
        Asker(
            "manager of another project",
            other_house.ada.token,
            _session(services, other_house.project_id, other_house.ada.id),
        ),
        Asker("visitor of another project", other_house.visit().token),
    ]
    return Scene(app, services, house, other_house, {one.name: one for one in askers})


def _session(services: Services, project_id: int, agent_id: int) -> str:
    token = new_token()
    statement = text(
        "INSERT INTO agent_session (token_hash, project_id, agent_id, expires_at)"
        " VALUES (:digest, :project, :agent, now() + interval '1 day')"
    )
    with services.database.begin() as connection:
        connection.execute(statement, {"digest": digest(token), "project": project_id, "agent": agent_id})
    return token


def _token(services: Services, house: House, scope: str) -> str:
    """A narrower token of the manager."""
    token = new_token()
    statement = text(
        "INSERT INTO api_token (project_id, agent_id, token_hash, scope) VALUES (:project, :agent, :digest, :scope)"
    )
    values = {"project": house.project_id, "agent": house.ada.id, "digest": digest(token), "scope": scope}
    with services.database.begin() as connection:
        connection.execute(statement, values)
    return token


def routes(app: Flask) -> Iterator[Route]:
    """Every route of the URL map. Settings are changed by managers only, unless a line says otherwise."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        line = LINES.get(rule.endpoint, Line())
        asker = line.open_to or asker_of(app.view_functions[rule.endpoint])
        assert asker, (
            f"{rule.rule} says by no decorator whom it asks for. Add to tests/integration/route_lines.py:\n"
            f'    "{rule.endpoint}": Line(open_to="everybody"),'
        )
        operation = OPERATIONS.get(rule.endpoint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            by_place = rule.rule.startswith("/settings") and method not in READING
            managers = bool(operation and operation.managers) if line.managers is None else line.managers
            yield Route(rule, method, asker, managers or (by_place and line.managers is None), line, operation)
