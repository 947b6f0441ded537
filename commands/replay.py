"""`flask replay`: real customers, many at once, through the public widget API, while agents act at random.

Owns the command: who plays (commands/playing.py), with which tokens, and what is printed of it (commands/tallying.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import httpx2
from sqlalchemy import Engine, text
from tqdm import tqdm

from commands.customers import BadFile, Customer, read_customers
from commands.playing import Played, Stage, act_for_ever, play
from commands.projects import create_agent
from commands.result import PROJECT_ID, database, give_up, print_result, say, servers
from commands.tallying import count, percentiles
from inbox.access import issue_token
from inbox.limits import replay_pass
from inbox.secret_key import secret_key
from inbox.settings import known_url

TOKEN_NAME = "replay"


@contextmanager
def agent_tokens(engine: Engine, project_id: int, wanted: int) -> Iterator[list[str]]:
    """Tokens of the project's members for so many agents, at least one; they are taken back afterwards."""
    find = text("SELECT agent_id FROM membership WHERE project_id = :project ORDER BY agent_id")
    with engine.begin() as connection:
        members = list(connection.execute(find, {"project": project_id}).scalars())
        if not members:
            members = [create_agent(connection, f"replay-{project_id}@tandem.example", project_id=project_id).id]
        each = [members[n % len(members)] for n in range(max(1, wanted))]
        tokens = [issue_token(connection, project_id, member, TOKEN_NAME) for member in each]
    try:
        yield tokens
    finally:
        with engine.begin() as connection:
            taken_back = text("DELETE FROM api_token WHERE project_id = :project AND name = :name")
            connection.execute(taken_back, {"project": project_id, "name": TOKEN_NAME})


def run(stage: Stage, customers: Sequence[Customer], *, parallel: int, agents: int) -> dict[str, Any]:
    """Play everything and return the result as SURFACE has it."""
    played, over = Played(), threading.Event()
    lines = sum(len(customer.lines) for customer in customers)
    with ThreadPoolExecutor(parallel + agents) as pool, tqdm(total=lines, unit="message") as bar:
        acting = [pool.submit(act_for_ever, stage, agent, played, over) for agent in range(agents)]
        try:
            playing = [pool.submit(play, stage, customer, played, bar) for customer in customers]
            for one in playing:
                one.result()
        finally:
            over.set()
        for one in acting:
            one.result()
    lost = count(stage, played)
    ends = {name: played.ends[name] for name in ("answered", "parked", "handed_off", "failed", "waiting")}
    if played.errors:
        say(f"{len(played.errors)} acts of agents got no answer, such as: {played.errors[0]}")
    return {
        "conversations": len(played.conversations),
        "messages": played.messages,
        **ends,
        "lost_updates": lost,
        "latency_ms": percentiles(played.latencies_ms),
    }


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--project", "project_id", type=PROJECT_ID, required=True)
@click.option("--limit", type=click.IntRange(1), help="At most so many customers.")
@click.option("--parallel", type=click.IntRange(1, 1000), default=16, show_default=True, help="Customers at once.")
@click.option("--agents", type=click.IntRange(0, 100), default=4, show_default=True, help="Agents acting meanwhile.")
def replay(file: Path | None, project_id: int, limit: int | None, parallel: int, agents: int) -> None:
    """Play real customers through the widget API; without FILE the samples that ship with Tandem."""
    settings = servers()
    engine = database(settings)
    key = _key(engine, project_id)
    try:
        customers = read_customers(file, limit)
        with agent_tokens(engine, project_id, agents) as tokens:
            stage = Stage(known_url(settings), key, replay_pass(secret_key(settings)), tokens)
            result = run(stage, customers, parallel=parallel, agents=agents)
    except BadFile as error:
        give_up(str(error))
    except httpx2.HTTPStatusError as error:
        give_up(f"The web process answered {error.response.status_code}: {error.response.text[:200]}")
    except httpx2.HTTPError:
        give_up(f"The web process at {known_url(settings)} does not answer. Start it with `make run` or `flask web`.")
    print_result(result)
    if result["lost_updates"]:
        raise SystemExit(1)


def _key(engine: Engine, project_id: int) -> str:
    with engine.connect() as connection:
        key = connection.execute(text("SELECT key FROM project WHERE id = :id"), {"id": project_id}).scalar()
    if key is None:
        give_up(f"There is no project {project_id}.")
    return str(key)
