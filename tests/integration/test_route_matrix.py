"""Every route × everybody who might ask × ids that are theirs, another project's, or nobody's.

Made from the URL map: a new route is in it by itself. What a route asks for is known from its decorator and from the
API's document; tests/integration/route_lines.py says what is left, one line for a route.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from inbox.api.asking import ASKER_AGENT, ASKER_PAGE, ASKER_VISITOR, READING
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.scene import Route, Scene, routes, scene
from tests.integration.things import SECRET

__all__ = ["scene"]  # a fixture, used by its name

pytestmark = pytest.mark.timeout(600)  # every route for everybody: some thousands of requests
NOBODYS_ID = 2**63 - 1


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
                wrong.append(
                    f'    in route_lines.py: "{route.rule.endpoint}": Line(managers=…, form={{…}}, json={{…}}),'
                )
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
