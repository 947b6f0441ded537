"""The demo project: a clothing retailer with knowledge, a workflow, a team, and a few conversations to look at.

Owns what is made at the first start. Must not be needed by a project of one's own.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from sqlalchemy import Connection, text

from commands.customers import DATA
from commands.projects import JOIN_PROJECT, create_project
from commands.result import database, print_result, servers
from inbox.access import Agent
from inbox.founding import DEMO as OF_DEMO
from inbox.label_colours import Colour, paint
from inbox.passwords import hash_password
from inbox.saved_views import create as save_view
from responder.shipped import definition_of

NAME = "Northfold"
KEPT = "demo.json"  # in the data folder, readable by its owner only
TEAM = (
    (f"mai{OF_DEMO}", "Mai Trần", "manager"),
    (f"ana{OF_DEMO}", "Ana Duarte", "agent"),
    (f"ben{OF_DEMO}", "Ben Osei", "agent"),
)

GREETING = "Ask about an order, a return, your size or your account."
CANNED = (
    ("hello", "Hello {{visitor.name|there}}, this is {{agent.name}} of Northfold. I am looking into it now."),
    ("thanks", "Thank you for your patience, {{visitor.name|and sorry for the wait}}. Is there anything else?"),
)
COLOURS: dict[str, Colour] = {
    "return": "blue",
    "refund": "violet",
    "order": "green",
    "promo code": "pink",
    "vip": "yellow",
}
CAN = text("INSERT INTO canned_reply (project_id, shortcut, content) VALUES (:project, :shortcut, :content)")
GREET = text("UPDATE project SET widget_greeting = :greeting WHERE id = :project")


@dataclass(frozen=True)
class Demo:
    """What one needs to look at the demo."""

    project_id: int
    project_key: str
    email: str
    password: str


def first_start(connection: Connection, data: Path, *, wanted: bool = True) -> Demo | None:
    """The demo of this installation: made where the database holds no project yet, else as the data folder knows it.

    None where the database holds projects of somebody's own, or none and the demo is not wanted.
    """
    projects = {row.id: row.key for row in connection.execute(text("SELECT id, key FROM project"))}
    known = kept_demo(data)
    if known is not None and projects.get(known.project_id) == known.project_key:
        return known
    if projects or not wanted:
        return None
    demo = create_demo(connection)
    with os.fdopen(os.open(data / KEPT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(demo), file)
    return demo


def kept_demo(data: Path) -> Demo | None:
    """The demo that this data folder knows."""
    kept = data / KEPT
    return Demo(**json.loads(kept.read_text())) if kept.exists() else None


def create_demo(connection: Connection, password: str | None = None) -> Demo:
    """Make the demo project and everything in it. Its team, which may be there, gets the password, or a new one."""
    from commands.demo_history import play_history  # it brings the jobs, which no web process needs

    workflow = definition_of("retailer")
    project = create_project(connection, NAME, mode="orchestrator", workflow=workflow)
    for title, content in snippets():
        row = {"project": project.id, "title": title, "content": content}
        connection.execute(
            text("INSERT INTO snippet (project_id, title, content) VALUES (:project, :title, :content)"), row
        )
    for shortcut, content in CANNED:
        connection.execute(CAN, {"project": project.id, "shortcut": shortcut, "content": content})
    connection.execute(GREET, {"project": project.id, "greeting": GREETING})
    password = password or secrets.token_urlsafe(9)
    team = [_member(connection, project.id, *member, password) for member in TEAM]
    play_history(connection, project.id, project.key, team)
    _habits(connection, team[0])
    return Demo(project.id, project.key, TEAM[0][0], password)


def snippets() -> list[tuple[str, str]]:
    """(title, content) of what its team knows."""
    from inbox import importing  # it brings a reader of Markdown, which no other command needs

    sections, problems = importing.read((DATA / "snippets.md").read_text(encoding="utf-8"))
    assert not problems, "the file is ours"
    return [(one.title, one.content) for one in sections]


def _member(connection: Connection, project_id: int, email: str, name: str, role: str, password: str) -> Agent:
    values = {"email": email, "name": name, "hash": hash_password(password)}
    inserted = text(
        """INSERT INTO agent (email, name, password_hash) VALUES (:email, :name, :hash)
        ON CONFLICT (lower(email)) DO UPDATE SET password_hash = EXCLUDED.password_hash RETURNING id"""
    )
    agent_id = connection.execute(inserted, values).scalar_one()
    connection.execute(JOIN_PROJECT, {"project": project_id, "agent": agent_id, "role": role})
    return Agent(agent_id, name, email, project_id, "manager" if role == "manager" else "agent")


def _habits(connection: Connection, lead: Agent) -> None:
    """What a team has made its own after some days: colours of labels, and a view."""
    for label, colour in COLOURS.items():
        paint(connection, lead, label, colour)
    save_view(connection, lead, name="Returns", view="all", search="label:return", shared=True)


@click.group(invoke_without_command=True)
@click.pass_context
def demo(context: click.Context) -> None:
    """The demo project; with no more words it is made once more."""
    if context.invoked_subcommand is None:
        context.invoke(create)


@demo.command("create")
def create() -> None:
    """Make the demo project once more; prints {project_id, project_key, email, password}."""
    settings = servers()
    known = kept_demo(settings.data)  # what `make run` has said about signing in stays true
    with database(settings).begin() as connection:
        print_result(asdict(create_demo(connection, known.password if known else None)))
