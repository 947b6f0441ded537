"""Every route × everybody who might ask × ids that are theirs, another project's, or nobody's.

Made from the URL map: a new route is in it by itself. What a route asks for is known from its decorator and from the
API's document; LINES says what is left, one line for a route.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import create_app
from inbox.api.asking import ASKER_AGENT, ASKER_PAGE, ASKER_VISITOR, READING, asker_of
from inbox.api.operation import Operation
from inbox.api.operations import OPERATIONS
from inbox.pages.signing_in import COOKIE
from inbox.services import Services
from inbox.settings import Settings
from inbox.tokens import digest, new_token
from tests.integration.callers import House

pytestmark = pytest.mark.timeout(600)  # every route for everybody: some thousands of requests
NOBODYS_ID = 2**63 - 1
SECRET = "Zanzibar"  # in everything that the other project owns


@dataclass(frozen=True)
class Line:
    """What cannot be derived of a route. `managers`: others get 403; `open_to`: who may ask where no decorator says."""

    managers: bool | None = None
    open_to: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    data: bytes = b""
    refused: int = 0  # what it answers to those who may ask, where the rest of a good request cannot be made here
    missing: int = 404  # what nobody's id gets, and so another project's
    full: bool = False  # a token that is narrower than its owner gets 403
    own: bool = False  # the manager's own: to a colleague it is as missing as another project's
    gets: frozenset[int] = frozenset()  # where everybody gets the same
    also: frozenset[int] = frozenset()  # for what is one person's own, or named in the body: what insiders may get too


LINES: dict[str, Line] = {
    "static": Line(open_to="everybody", path={"filename": "icon.svg"}),
    "health.healthz": Line(open_to="everybody"),
    "health.readyz": Line(open_to="everybody"),
    "health.metrics": Line(open_to="everybody"),
    "document.openapi": Line(open_to="everybody"),
    "document.page": Line(open_to="everybody"),
    "widget.start_session": Line(open_to="everybody"),
    "visit.visit": Line(open_to="everybody"),
    "widget.rate": Line(refused=422),  # nothing is solved
    "attachments.take_from_visitor": Line(query="name=a.txt", data=b"Hello"),
    "attachments.take_from_agent": Line(query="name=a.txt", data=b"Hello"),
    "attaching.take": Line(query="name=a.txt", data=b"Hello"),
    "saved_views.edit": Line(also=frozenset({403})),  # a colleague's, shared
    "saved_views.delete": Line(also=frozenset({403})),
    "widget.look": Line(open_to="everybody", query="project_key={key}"),
    "widget_page.loader": Line(open_to="everybody"),
    "widget_page.frame": Line(open_to="everybody"),
    "widget_page.theme": Line(open_to="everybody"),
    "signing_in.sign_in": Line(open_to="everybody"),
    "signing_in.open_session": Line(open_to="nobody", form={"email": "nobody@example.com", "password": "wrong"}),
    "pages.sign_out": Line(open_to="everybody"),
    "joining.look": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "joining.join": Line(open_to="everybody", path={"token": "x"}, gets=frozenset({404})),
    "proving.ask": Line(open_to="everybody"),
    "proving.prove": Line(open_to="everybody"),
    "proving.passkey_options": Line(open_to="everybody"),
    "proving.passkey": Line(open_to="nobody", json={"credential": {}}),
    "audit_page.show": Line(managers=True),
    "reports.download": Line(path={"plot": "volume"}),
    "members_page.set_role": Line(form={"role": "manager"}),
    "members_page.switch": Line(form={"project": "1"}),
    "streams.agent_events": Line(open_to=ASKER_AGENT),
    "streams.visitor_events": Line(open_to=ASKER_VISITOR),
    "pages.act": Line(path={"act": "claim"}),
    "saying.say": Line(form={"content": "It left today.", "kind": "public"}),
    "talking.label": Line(form={"add": "refund"}),
    "talking.priority": Line(form={"priority": "high"}),
    "talking.snooze": Line(form={"until": "day"}),
    "talking.attribute": Line(form={"name": "Plan", "value": "gold"}),
    "labels_page.rename": Line(form={"name": "refund", "new_name": "refunds"}),
    "labels_page.remove": Line(form={"name": "refund"}),
    "noticing.dismiss": Line(managers=True),
    "race.start": Line(managers=True),
    "race.stop": Line(managers=True),
    "canned_page.begin": Line(managers=True),
    "canned_page.delete": Line(missing=302),  # it is gone already
    "snippets_page.begin": Line(managers=True),
    "snippets_page.choose": Line(managers=True),
    "webhooks_page.begin": Line(managers=True),
    "webhooks_page.delete": Line(missing=302),  # it is gone already
    "tokens.create": Line(full=True),
    "tokens.revoke": Line(full=True, own=True),
    "tokens_page.create": Line(managers=False),
    "tokens_page.revoke": Line(managers=False, missing=302),  # it is revoked already
    "snippets_page.delete": Line(missing=302),  # it is gone already
    "workflow_page.template": Line(path={"name": "refund"}),
    "tools_page.begin": Line(managers=True),
    "tools_page.delete": Line(missing=302),  # it is gone already
    "tools_page.remove_host": Line(missing=302),
    "listing.save_view": Line(form={"name": "Mine"}),
    "listing.rename_view": Line(managers=True, form={"name": "Ours"}),
    "listing.delete_view": Line(managers=True),
    "bulk.apply": Line(also=frozenset({404})),
    "bulk.undo": Line(also=frozenset({404})),
    "bulk_page.undo": Line(also=frozenset({404})),
    "workflow_page.check": Line(managers=False),
    "workflow_page.try_out": Line(json={"message": "Where is my order?"}),
}
HOST = f"""
    INSERT INTO tool_host (project_id, host) VALUES (:project, '{SECRET}' || md5(random()::text)) RETURNING id"""
# How to make one of what a path names, in words of SQL with :project; the word is the one before the id.
THINGS = {
    "notices": f"""
        INSERT INTO audit_entry (project_id, kind, actor_name, subject)
        VALUES (:project, 'webhook_switched_off', 'Tandem', '{SECRET}') RETURNING id""",
    "canned": f"""
        INSERT INTO canned_reply (project_id, shortcut, content)
        VALUES (:project, 'x' || nextval('message_id_seq'), '{SECRET}') RETURNING id""",
    "canned-replies": f"""
        INSERT INTO canned_reply (project_id, shortcut, content)
        VALUES (:project, 'x' || nextval('message_id_seq'), '{SECRET}') RETURNING id""",
    "snippets": f"INSERT INTO snippet (project_id, title, content) VALUES (:project, '{SECRET}', 'x') RETURNING id",
    "tools": f"""
        WITH h AS (
            INSERT INTO tool_host (project_id, host) VALUES (:project, lower('{SECRET}') || '.example')
            ON CONFLICT DO NOTHING)
        INSERT INTO http_tool (project_id, name, description, parameters, url) VALUES
        (:project, '{SECRET}' || md5(random()::text), 'x', '{{"type": "object"}}', 'https://{SECRET}.example/')
        RETURNING id""",
    "hosts": HOST,
    "tool-hosts": HOST,
    "saved-views": f"""
        INSERT INTO saved_view (project_id, created_by, name, view, shared)
        SELECT :project, min(agent_id), '{SECRET}', 'all', true FROM membership
        WHERE project_id = :project AND role = 'manager' RETURNING id""",
    "bulk": """
        INSERT INTO bulk_act (project_id, agent_id, items)
        SELECT :project, min(agent_id), jsonb_build_array(jsonb_build_object('id', c.id, 'version', 1,
            'before', '{"status": "open", "labels": []}'::jsonb, 'after', '{"status": "spam", "labels": []}'::jsonb))
        FROM membership m, LATERAL (SELECT min(id) AS id FROM conversation WHERE project_id = :project) c
        WHERE m.project_id = :project AND m.role = 'manager' GROUP BY c.id RETURNING id""",
    "versions": f"""
        INSERT INTO workflow (project_id, version, definition)
        SELECT :project, COALESCE(max(version), 100 * :project) + 1, '{{"nodes": [], "edges": [], "x": "{SECRET}"}}'
        FROM workflow WHERE project_id = :project RETURNING version""",
    "members": f"""
        WITH a AS (
            INSERT INTO agent (email, name, password_hash)
            VALUES (gen_random_uuid() || '@example.com', '{SECRET}', 'x') RETURNING id)
        INSERT INTO membership (project_id, agent_id) SELECT :project, id FROM a RETURNING agent_id""",
    "invitations": f"""
        INSERT INTO invitation (project_id, email, token_hash, invited_by, expires_at)
        SELECT :project, '{SECRET}' || gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), '{SECRET}',
            clock_timestamp() + interval '1 day' RETURNING id""",
    "attachments": f"""
        INSERT INTO attachment (project_id, conversation_id, message_id, author, author_id, key, name, type, bytes)
        SELECT turn.project_id, conversation_id, m.id, 'visitor', 1, md5(m.id::text) || turn.id, '{SECRET}.txt',
            'text/plain', 8
        FROM turn JOIN message m USING (conversation_id) WHERE turn.id = :turn
        ON CONFLICT (key) DO UPDATE SET bytes = 8 RETURNING key""",
    "drafts": f"""
        INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
        SELECT :project, conversation_id, id, '{SECRET}', 'assigned' FROM turn WHERE id = :turn RETURNING id""",
}
WEBHOOK = f"""
    INSERT INTO webhook (project_id, url, events, secret, position, description, enabled)
    VALUES (:project, 'https://example.com/{SECRET}', ARRAY['message.created'], '', 0, '{SECRET}', false)
    RETURNING id"""
THINGS |= {
    "visitors": f"INSERT INTO visitor (project_id, name) VALUES (:project, '{SECRET}') RETURNING id",
    "tokens": f"""
        INSERT INTO api_token (project_id, agent_id, name, token_hash)
        SELECT :project, min(agent_id), '{SECRET}', sha256(random()::text::bytea) FROM membership
        WHERE project_id = :project RETURNING id""",
    "webhooks": WEBHOOK,
    "deliveries": f"""
        WITH w AS ({WEBHOOK})
        INSERT INTO webhook_delivery (webhook_id, project_id, event_id, kind, body)
        SELECT COALESCE(CAST(:webhooks AS bigint), w.id), :project, 'evt', 'message.created', '{SECRET}' FROM w
        RETURNING id""",
}
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
                    f"Say in THINGS how to make one of what {route.rule.rule} names:\n"
                    f'    "{word}": "INSERT INTO … (project_id, …) VALUES (:project, …) RETURNING id",'
                )
                with self.services.database.begin() as connection:
                    values = {"project": house.project_id, "turn": turn, "webhooks": of_path.get("webhooks")}
                    of_path[word] = connection.execute(text(THINGS[word]), values).scalar_one()
                made[name] = of_path[word]
            if word == "attachments":
                self.app.extensions["tandem"].storage.put(str(made[name]), SECRET.encode(), "text/plain")
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
            f"{rule.rule} says by no decorator whom it asks for. Add to LINES:\n"
            f'    "{rule.endpoint}": Line(open_to="everybody"),'
        )
        operation = OPERATIONS.get(rule.endpoint)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            by_place = rule.rule.startswith("/settings") and method not in READING
            managers = bool(operation and operation.managers) if line.managers is None else line.managers
            yield Route(rule, method, asker, managers or (by_place and line.managers is None), line, operation)


def expected(route: Route, asker: str) -> set[int]:
    """The statuses that this asker may get with ids of the house."""
    if route.line.gets and route.asker == "everybody":
        return set(route.line.gets)
    if route.asker == "everybody":
        return {200, 201, 302}
    if route.asker == "nobody":
        return {401}
    if route.asker == ASKER_VISITOR:
        # Whoever has a token gets their own conversation; what a visitor's route names is of another one here.
        if asker.startswith("visitor"):
            return {route.line.missing} if route.ids else {route.line.refused or 200, 201, 204}
        return {401}
    if asker not in INSIDE[route.asker]:
        return {302, 401} if route.is_page else {401}
    if asker == "manager of another project" and route.ids:
        return {route.line.missing}
    if asker == "reading token" and route.method not in READING:
        return {403}
    if route.line.full and asker in {"reading token", "answering token"}:
        return {403}
    if route.line.own and asker == "agent":
        return {route.line.missing}
    if route.managers and asker in {"agent", "reading token", "answering token"}:
        return {403}
    good = {200, 201, 302, 303, 422} if route.is_page else {route.operation.status if route.operation else 200}
    return good | route.line.also


OUTSIDERS = "manager of another project"
INSIDE = {
    ASKER_AGENT: {"agent", "manager", "reading token", "answering token", OUTSIDERS},
    ASKER_PAGE: {"agent", "manager", "signed in, no token", OUTSIDERS},
}


@pytest.mark.timeout(600)  # hundreds of routes, each for everybody
def test_everybody_gets_what_is_theirs(scene: Scene) -> None:
    wrong = []
    for route in routes(scene.app):
        things = scene.things(route, scene.house)
        for asker in scene.askers.values():
            # What is only read is the same for all; what may be changed is new for each.
            things = things if route.method in READING else scene.things(route, scene.house)
            response = scene.ask(route, asker, things)
            wanted = expected(route, asker.name)
            if response.status_code not in wanted:
                wrong.append(f"{route.method} {route.rule.rule} for {asker.name}: {response.status_code}, not {wanted}")
                wrong.append(f'    in LINES: "{route.rule.endpoint}": Line(managers=…, form={{…}}, json={{…}}),')
            if asker.name == OUTSIDERS and route.ids and SECRET in response.text:
                wrong.append(f"{route.method} {route.rule.rule} tells another project's people what it holds")
            response.close()
    assert not wrong, "\n".join(wrong)


def test_a_route_that_does_not_say_whom_it_asks_for_fails(settings: Settings, services: Services) -> None:
    app = create_app(settings, services)
    app.add_url_rule("/api/v1/surprise", "surprise", lambda: "")
    with pytest.raises(AssertionError, match="surprise"):
        list(routes(app))


def test_every_route_of_the_map_is_in_it(app: Flask) -> None:
    in_map = {(rule.rule, method) for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    asked = {(route.rule.rule, route.method) for route in routes(app)}
    assert asked == {(rule, method) for rule, method in in_map if method not in {"HEAD", "OPTIONS"}}


@pytest.mark.timeout(600)
def test_another_projects_id_is_as_unknown_as_a_missing_one(scene: Scene) -> None:
    """Each id of each path in turn is another project's, then nobody's: the same status and the same words."""
    wrong, compared = [], 0
    for route in routes(scene.app):
        for name in route.ids:
            told = []
            for foreign in (True, False):
                ids = scene.things(route, scene.house)
                ids[name] = scene.things(route, scene.other)[name] if foreign else NOBODYS_ID
                asker = "visitor" if route.asker == ASKER_VISITOR else "manager"
                response = scene.ask(route, scene.askers[asker], ids)
                told.append((response.status_code, _words(response, ids)))
                compared += 1
            if told[0] != told[1] or told[0][0] != route.line.missing:
                wrong.append(f"{route.method} {route.rule.rule}, {name} foreign: {told[0]}; missing: {told[1]}")
    assert not wrong, "\n".join(wrong)
    assert compared > 40


def _words(response: TestResponse, ids: Mapping[str, int | str]) -> str:
    """The answer without what differs by nature: the nonces."""
    assert SECRET not in response.text
    return re.sub(r'(nonce|value)="[^"]*"', "", response.text)


def test_a_form_needs_its_token(scene: Scene) -> None:
    """A page elsewhere cannot make a signed-in browser do anything: every page that takes a form refuses it bare."""
    scene.app.config["WTF_CSRF_ENABLED"] = True
    for route in routes(scene.app):
        if route.is_page and route.method not in READING:
            response = scene.ask(route, scene.askers["manager"], scene.things(route, scene.house))
            assert response.status_code == 400, f"{route.method} {route.rule.rule}"
