"""Projects made on a page: the installation's first, one more of a manager's, and one's own beside the demo."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from app import create_app
from commands.accounts import project
from commands.announcing import announce
from commands.demo import create_demo, first_start
from commands.projects import JOIN_PROJECT
from inbox import access, audit, founding, team
from inbox.audit import Wanted
from inbox.errors import Forbidden, NotFound
from inbox.services import Services
from inbox.settings import Settings
from tests.background import Background
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader, Sit, shown
from tests.locks import until_waiting

NEW = "/projects/new"
KARI = {"project": "Fjell Shop", "name": "Kari", "email": "kari@shop.example", "password": "a long password"}


def projects(services: Services) -> list[str]:
    with services.reading() as connection:
        return list(connection.execute(text("SELECT name FROM project ORDER BY id")).scalars())


def test_the_first_project_is_made_by_who_was_told_the_link(
    app: Flask, services: Services, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with services.database.begin() as connection:
        assert first_start(connection, tmp_path, wanted=False) is None
    announce(settings, "http://here", None, None, founding.first_path(str(settings.secret_key)))
    path = re.findall(r"^Make your first project: http://here(\S+)$", capsys.readouterr().out, re.MULTILINE)[0]
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert "There is no project here yet." in shown(client.get("/sign-in").text)
    assert client.get("/begin/a-guess").status_code == 404
    assert "Your first project" in shown(client.get(path).text)
    assert client.post("/begin/a-guess", data=KARI).status_code == 404
    for name in KARI:
        refused = client.post(path, data={**KARI, name: ""})
        assert (refused.status_code, f'id="{name}-wrong"' in refused.text) == (422, True)
    for name in ("project", "name"):
        refused = client.post(path, data={**KARI, name: "No\x00name"})
        assert (refused.status_code, f'id="{name}-wrong"' in refused.text) == (422, True)
    assert projects(services) == []
    assert client.post(path, data=KARI).status_code == 302
    assert "Getting set up" in client.get("/").text
    assert client.get("/settings/audit").status_code == 200, "they lead it"
    again = client.post(path, data={**KARI, "email": "ola@shop.example"})
    assert (client.get(path).status_code, again.status_code, projects(services)) == (404, 404, ["Fjell Shop"])


def test_of_two_who_make_the_first_at_once_one_does(services: Services) -> None:
    def make(email: str) -> None:
        with services.transaction() as writing:
            founding.found_first(writing.connection, "Shop", email=email, who="Kari", password="a long password")

    with services.transaction() as writing:
        founding.found_first(writing.connection, "Shop", email="a@b.example", who="Kari", password="a long password")
        second = Background(make, ("c@d.example",))
        until_waiting(services, 1)
    with pytest.raises(NotFound):
        second.result()
    assert projects(services) == ["Shop"]


def test_a_form_that_is_sent_twice_at_once_makes_one(house: House, services: Services) -> None:
    def make() -> int:
        with services.transaction() as writing:
            return founding.found(writing.connection, who, " Fjell Shop ")

    with services.reading() as connection:
        who = access.by_token(connection, house.ada.token or "")
    with services.transaction() as writing:
        made = founding.found(writing.connection, who, "Fjell Shop")
        second = Background(make, ())
        until_waiting(services, 1)
    assert second.result() == made
    assert projects(services) == ["House", "Fjell Shop"]


def test_a_project_of_that_name_which_others_lead_is_not_theirs(
    house: House, other_house: House, services: Services, sit: Sit
) -> None:
    ada = sit(other_house.ada)
    with services.database.begin() as connection:
        connection.execute(JOIN_PROJECT, {"project": house.project_id, "agent": other_house.ada.id, "role": "agent"})
    ada.open(NEW)
    assert ada.send(NEW, {"project": "House"}).status_code == 302
    assert projects(services) == ["House", "Other house", "House"]
    with services.reading() as connection:
        roles = [one["role"] for one in team.projects_of(connection, other_house.ada.id) if one["name"] == "House"]
    assert sorted(roles) == ["agent", "manager"]


def test_who_makes_projects_by_the_dozen_is_refused(settings: Settings, services: Services) -> None:
    app = create_app(replace(settings, rate_limits=True, rate_sign_in="2/minute"), services)
    app.config["WTF_CSRF_ENABLED"] = False
    ada, link = Reader(app, services, House.build(app, services).ada), founding.first_path(str(app.secret_key))
    assert [ada.client.post(NEW, data={"project": ""}).status_code for _ in range(3)] == [422, 422, 429]
    assert [app.test_client().post(link, data=KARI).status_code for _ in range(3)] == [404, 404, 429]


def test_a_manager_makes_one_more_and_goes_on_in_it(house: House, services: Services, sit: Sit) -> None:
    ada, ben = sit(house.ada), sit(house.ben)
    refused = ben.client.get(NEW)
    assert (refused.status_code, "Only managers make projects." in shown(refused.text)) == (403, True)
    with services.transaction() as writing, pytest.raises(Forbidden):
        founding.found(writing.connection, access.by_token(writing.connection, house.ben.token or ""), "Fjell Shop")
    assert NEW not in ben.open("/account")
    assert NEW in ada.open("/settings")
    ada.open(NEW)
    assert "A name has 1 to 200 characters." in shown(ada.send(NEW, {"project": " "}).text)
    for _sent_twice in range(2):
        ada.open(NEW)
        assert ada.send(NEW, {"project": "Fjell Shop"}).status_code == 302
    assert projects(services) == ["House", "Fjell Shop"]
    with services.reading() as connection:
        made = team.projects_of(connection, house.ada.id)[0]
        people = [(one["id"], one["role"]) for one in team.members(connection, made["id"])]
        told = [one["kind"] for one in audit.listed(connection, made["id"], Wanted())]
    assert (made["name"], people, told) == ("Fjell Shop", [(house.ada.id, "manager")], ["project_made"])
    page = ada.open("/")
    assert f'<option value="{made["id"]}" selected>Fjell Shop' in page
    assert "Getting set up" in page
    ada.send("x", {"project": "new"}, to="/account/project")
    assert "Go there House" in shown(ada.open("/account"))


def test_whoever_runs_tandem_may_keep_making_them_to_themselves(
    app: Flask, settings: Settings, services: Services
) -> None:
    app.extensions["tandem"] = replace(app.extensions["tandem"], settings=replace(settings, new_projects=False))
    with services.database.begin() as connection:
        demo = create_demo(connection)
        mai = connection.execute(text("SELECT id FROM agent WHERE email = :mai"), {"mai": demo.email}).scalar_one()
    house, other = House.build(app, services), House.build(app, services, "Other house")
    ada, at_demo = Reader(app, services, house.ada), Reader(app, services, Caller(app, id=mai))
    with services.database.begin() as connection:
        connection.execute(JOIN_PROJECT, {"project": other.project_id, "agent": house.ada.id, "role": "manager"})
    for reader in (ada, at_demo):
        for path in ("/", "/settings", "/account"):
            page = reader.open(path)
            assert NEW not in page
            assert 'value="new"' not in page
        assert "projects are made by whoever runs it" in shown(reader.client.get(NEW).text)
        token = reader.forms["/sign-out"]["csrf_token"]
        assert reader.client.post(NEW, data={**KARI, "csrf_token": token}).status_code == 403
    assert projects(services) == ["Northfold", "House", "Other house"]


def test_the_command_line_lists_them(house: House, other_house: House, settings: Settings) -> None:
    servers = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": "a key"}
    done = CliRunner().invoke(project, ["list"], env=servers)
    assert done.exit_code == 0, done.output
    told = [(one["id"], one["name"], one["key"], one["managers"]) for one in json.loads(done.stdout)["items"]]
    assert told == [
        (one.project_id, name, one.key, [f"Ada.{one.project_id}@example.com"])
        for one, name in ((house, "House"), (other_house, "Other house"))
    ]


def test_who_looks_at_the_demo_makes_their_own(app: Flask, services: Services, sit: Sit) -> None:
    with services.database.begin() as connection:
        demo = create_demo(connection)
        mai = connection.execute(text("SELECT id FROM agent WHERE email = :mai"), {"mai": demo.email}).scalar_one()
    reader = sit(Caller(app, id=mai))
    assert "This is the demo." in shown(reader.open("/"))
    reader.open(NEW)
    taken = reader.send(NEW, {**KARI, "email": demo.email})
    assert (taken.status_code, 'id="email-wrong"' in taken.text) == (422, True)
    assert reader.send(NEW, KARI).status_code == 302
    page = shown(reader.open("/account"))
    assert "You sign in as kari@shop.example." in page
    assert "This is the demo." not in shown(reader.open("/settings"))
    assert "Northfold" not in page


def test_a_program_makes_one_and_goes_on_in_it(house: House, app: Flask) -> None:
    made = house.ada.post("/projects", {"name": "Fjell Shop"}, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    told = made.get_json()
    there = Caller(app, told["token"])
    me = there.get("/me").get_json()
    assert (me["id"], me["role"], me["project_id"]) == (house.ada.id, "manager", told["id"])
    project = there.get("/project").get_json()
    assert (project["name"], project["key"]) == ("Fjell Shop", told["key"])
    again = house.ada.post("/projects", {"name": "Fjell Shop"}, headers={"Idempotency-Key": "k"})
    assert (again.headers["Idempotency-Replayed"], again.get_json()) == ("true", told)
    another = house.ada.post("/projects", {"name": "Fjell Shop"}).get_json()
    assert another["id"] == told["id"], "it is there already"
    assert another["token"] != told["token"]


def test_who_may_make_none_makes_none_over_the_api_either(
    house: House, app: Flask, services: Services, settings: Settings
) -> None:
    assert error(house.ben.post("/projects", {"name": "Mine"})) == (403, "forbidden")
    for name in ("", " ", "x" * 201):
        assert error(house.ada.post("/projects", {"name": name})) == (422, "invalid"), name
    app.extensions["tandem"] = replace(app.extensions["tandem"], settings=replace(settings, new_projects=False))
    assert error(house.ada.post("/projects", {"name": "Mine"})) == (403, "forbidden")
    assert projects(services) == ["House"]
