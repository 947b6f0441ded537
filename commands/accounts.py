"""The commands that make and delete projects and agents, and let an agent in again who is locked out.

Owns their options and results; commands/projects.py makes the rows, commands/deleting.py and forgetting.py delete them.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

import click
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from tqdm import tqdm

from commands import deleting, forgetting, projects
from commands.result import PROJECT_ID, database, give_up, give_up_with, print_result, say, servers
from inbox import regaining
from inbox.api.asking import DEEPEST_OBJECT
from inbox.api.fields import check_json
from inbox.counting import Counter
from inbox.database import is_away, why_away
from inbox.errors import BadJson, InboxError
from inbox.pages import known_devices
from inbox.redis import redis_client


@click.group()
def project() -> None:
    """Projects: one for each team's inbox."""


@project.command("create")
@click.argument("name")
@click.option("--mode", type=click.Choice(["simple", "orchestrator"]), default=None, help="Default: simple.")
@click.option("--workflow", "workflow_file", type=click.Path(dir_okay=False), help="A workflow's JSON.")
def create_project(name: str, mode: str | None, workflow_file: str | None) -> None:
    """Make a project; prints {id, key}."""
    definition = _read(workflow_file) if workflow_file else None
    mode = mode or ("orchestrator" if definition is not None else "simple")
    try:
        with database(servers(needs_redis=False)).begin() as connection:
            made = projects.create_project(connection, name, mode=mode, workflow=definition)
    except InboxError as error:
        give_up_with(error)
    print_result({"id": made.id, "key": made.key})


@project.command("list")
def list_projects() -> None:
    """Every project; prints {items: [{id, name, key, managers}]}."""
    with database(servers(needs_redis=False)).connect() as connection:
        print_result({"items": projects.listed(connection)})


@project.command("delete")
@click.argument("project_id", metavar="ID", type=PROJECT_ID)
@click.option("--yes", is_flag=True, help="Do not ask for its name.")
def delete_project(project_id: int, yes: bool) -> None:
    """Delete a project with all in it, for good; prints {id, name, conversations, members, left_without_project}."""
    engine = database(servers(needs_redis=False))
    with engine.connect() as connection:
        found = deleting.find(connection, project_id)
    if found is None:
        give_up(f"There is no project {project_id}.")
    say(f"{found.name}: {found.conversations} conversations, {found.members} members. Only a backup brings it back.")
    if not yes and click.prompt("Type its name to delete it", err=True).strip() != found.name:
        give_up("That is not its name. Nothing was deleted.")
    try:
        with tqdm(total=found.conversations, unit="conversation") as progress:
            for gone in deleting.empty(engine, project_id):
                progress.update(gone)
        without = deleting.end(engine, project_id)
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        give_up(f"The database ended it half-way ({why_away(error)}). Run it again: it goes on where it stopped.")
    print_result({"id": project_id, **found._asdict(), "left_without_project": without})


@click.group()
def agent() -> None:
    """Agents: the people who answer."""


@agent.command("create")
@click.argument("email")
@click.option("--project", "project_id", type=PROJECT_ID, required=True)
@click.option("--role", type=click.Choice(["agent", "manager"]), help="Default: agent; a member stays what they are.")
@click.option("--name", default=None)
def create_agent(email: str, project_id: int, role: str | None, name: str | None) -> None:
    """Make an agent, or add one to another project; prints {id, token, password}."""
    try:
        with database(servers(needs_redis=False)).begin() as connection:
            made = projects.create_agent(connection, email, project_id=project_id, role=role, name=name)
    except InboxError as error:
        give_up_with(error)
    except IntegrityError:
        give_up(f"There is no project {project_id}.")
    print_result({"id": made.id, "token": made.token, "password": made.password})


@agent.command("reset")
@click.argument("email")
@click.option("--second-factor", is_flag=True, help="Also forget their app, passkeys and recovery codes.")
def reset_agent(email: str, second_factor: bool) -> None:
    """A new password for an agent who is locked out, which ends their sessions; prints {id, password}."""
    password, here = secrets.token_urlsafe(12), servers()
    try:
        with database(here).begin() as connection:
            agent_id = regaining.regain(connection, email, password, forget_second_factor=second_factor)
    except InboxError as error:
        give_up_with(error)
    known_devices.forget_guesses(Counter(redis_client(str(here.redis_url))), here, email)
    print_result({"id": agent_id, "password": password})


@agent.command("list")
def list_agents() -> None:
    """Every account; prints {items: [{id, email, name, projects: [{id, name, role}]}]}."""
    with database(servers(needs_redis=False)).connect() as connection:
        items = forgetting.listed(connection)
    print_result({"items": items})


@agent.command("delete")
@click.argument("email")
def delete_agent(email: str) -> None:
    """Delete the account of somebody who is in no project any more; prints {id, email}."""
    try:
        with database(servers(needs_redis=False)).begin() as connection:
            agent_id = forgetting.forget(connection, email)
    except InboxError as error:
        give_up_with(error)
    print_result({"id": agent_id, "email": email})


def _read(path: str) -> Any:
    """The JSON of a workflow's file; gives up where it is none, or holds what no database can."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            definition = json.load(file)
        check_json(definition, DEEPEST_OBJECT)
    except OSError as error:
        give_up(f"{path} is no workflow: {error}")
    except (ValueError, RecursionError) as error:
        give_up_with(BadJson(f"{path} is no workflow: {error}"))
    return definition
