"""`flask replay`: real customers, many at once, through the public widget API, while agents act at random.

Owns playing and counting. It uses nothing but HTTP for what visitors and agents do.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx2
from sqlalchemy import Engine, text
from tqdm import tqdm

from commands.customers import BadFile, Customer, read_customers
from commands.lost_updates import Ledger
from commands.projects import create_agent
from commands.result import PROJECT_ID, database, give_up, print_result, say, servers
from inbox.access import issue_token
from inbox.limits import PASS_HEADER, replay_pass
from inbox.secret_key import secret_key
from inbox.settings import Settings, known_url

ANSWER_SECONDS = 300.0  # a message that has not come to an end by then counts as waiting
LOOK_SECONDS = 0.1
ACT_SECONDS = 0.05  # between two acts of one agent
LIVE = ("queued", "thinking")
TOKEN_NAME = "replay"


@dataclass
class Played:
    """What became of everything so far; shared by all threads."""

    ledger: Ledger = field(default_factory=Ledger)
    conversations: list[int] = field(default_factory=list)
    messages: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)


class Stage:
    """The running product, reached over HTTP as a visitor and as agents."""

    def __init__(self, url: str, key: str, passing: str, tokens: Sequence[str]) -> None:
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1",
            headers={PASS_HEADER: passing},
            timeout=30,
            limits=httpx2.Limits(max_connections=None),
        )
        self._key = key
        self._tokens = tokens

    def session(self, name: str | None) -> dict[str, Any]:
        """A visitor's session."""
        visitor = {"name": name} if name else {}
        return self._call("POST", "/widget/sessions", None, {"project_key": self._key, "visitor": visitor})

    def write(self, token: str, content: str) -> dict[str, Any]:
        """A visitor's message."""
        return self._call("POST", "/widget/messages", token, {"content": content})

    def look(self, path: str) -> dict[str, Any]:
        """What an agent sees."""
        return self._call("GET", path, self._tokens[0])

    def act(self, agent: int, method: str, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        """What an agent does; a conflict is an answer like others."""
        headers = {"Authorization": f"Bearer {self._tokens[agent]}"}
        return self._http.request(method, path, headers=headers, json=body)

    def _call(self, method: str, path: str, token: str | None, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = self._http.request(method, path, headers=headers, json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


def play(stage: Stage, customer: Customer, played: Played, bar: Any) -> None:
    """One customer: each line is sent once the one before has come to an end."""
    session = stage.session(customer.name)
    conversation_id = int(session["conversation_id"])
    with played.guard:
        played.conversations.append(conversation_id)
    for line in customer.lines:
        stage.write(session["token"], line)
        with played.guard:
            played.messages += 1
        _wait_for_end(stage, conversation_id)
        bar.update()


def _wait_for_end(stage: Stage, conversation_id: int) -> None:
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until:
        turns = stage.look(f"/conversations/{conversation_id}/turns?limit=1")["items"]
        if not turns or turns[0]["status"] not in LIVE:
            return
        time.sleep(LOOK_SECONDS)


def act_for_ever(stage: Stage, agent: int, played: Played, over: threading.Event) -> None:
    """One agent, doing at random what agents do, until it is over."""
    me = stage.act(agent, "GET", "/me").json()["id"]
    chance = random.Random(agent)
    while not over.wait(ACT_SECONDS * chance.uniform(0.5, 1.5)):
        with played.guard:
            conversation_id = chance.choice(played.conversations) if played.conversations else None
        if conversation_id is None:
            continue
        try:
            _act_once(stage, agent, me, chance, f"/conversations/{conversation_id}", played)
        except httpx2.HTTPError as error:
            played.errors.append(str(error))


def _act_once(stage: Stage, agent: int, me: int, chance: random.Random, path: str, played: Played) -> None:
    change = chance.choice(
        [
            {"status": chance.choice(["open", "pending", "solved"])},
            {"assignee_id": chance.choice([me, None])},
            {"priority": chance.choice(["low", "normal", "high", "urgent"])},
            {"labels": chance.sample(["refund", "order", "vip", "shipping"], 2)},
            {"custom_attributes": {"seen": chance.randrange(1000)}},
            None,
        ]
    )
    if change is not None:
        response = stage.act(agent, "PATCH", path, change)
        columns = [*change, *(["assigned_at"] if "assignee_id" in change else [])]
        if response.status_code == 200:
            played.ledger.acknowledged(response.json(), [c for c in columns if c != "assigned_at"])
        return
    act = chance.choice(["claim", "note", "note", "note", "reply", "take-over", "give-back", "give-back", "read"])
    if act in {"note", "reply"}:
        words = {"content": "I am looking at this.", "private": act == "note"}
        stage.act(agent, "POST", f"{path}/messages", words)
        return
    response = stage.act(agent, "POST", f"{path}/{act}")
    if act == "claim" and response.status_code == 200:
        played.ledger.acknowledged(response.json(), ["assignee_id"])


def count(stage: Stage, played: Played) -> int:
    """Read every conversation once more: how each message ended, how long it took; returns the lost updates."""
    lost = 0
    for conversation_id in played.conversations:
        path = f"/conversations/{conversation_id}"
        timeline = list(_all(stage, f"{path}/timeline"))
        messages = list(_all(stage, f"{path}/messages"))
        turns = stage.look(f"{path}/turns?limit=200")["items"]
        conversation = stage.look(path)
        lost += len(played.ledger.lost(conversation, timeline))
        _count_messages(played, conversation, messages, turns)
    return lost


def _count_messages(
    played: Played, conversation: dict[str, Any], messages: list[dict[str, Any]], turns: list[dict[str, Any]]
) -> None:
    posted = {message["id"]: message for message in messages}
    ended = {question: turn for turn in reversed(turns) for question in turn["answers"]}
    live = any(turn["status"] in LIVE for turn in turns)
    for message in messages:
        if message["author"] != "visitor":
            continue
        turn = ended.get(message["id"])
        played.ends[_end(turn, live, conversation)] += 1
        if turn is not None and turn["status"] == "landed" and turn["message_id"] in posted:
            took = _at(posted[turn["message_id"]]) - _at(message)
            played.latencies_ms.append(took.total_seconds() * 1000)


def _end(turn: dict[str, Any] | None, live: bool, conversation: dict[str, Any]) -> str:
    """How a message ended. What no turn answers is with people, or waits where the responder has the conversation."""
    if turn is not None and turn["status"] in {"landed", "parked", "handed_off", "failed"}:
        return "answered" if turn["status"] == "landed" else str(turn["status"])
    if turn is not None and turn["status"] in {"cancelled", "superseded"}:
        return "handed_off"
    return "waiting" if live or (conversation["responder_state"] == "active" and turn is not None) else "handed_off"


def _all(stage: Stage, path: str) -> Iterator[dict[str, Any]]:
    after: str | None = "0"
    while after is not None:
        page = stage.look(f"{path}?limit=200&after={after}")
        yield from page["items"]
        after = page["next_cursor"]


def _at(message: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(message["created_at"])


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """p50, p95 and p99 in milliseconds; null where nothing was measured."""
    ordered = sorted(values)

    def at(share: float) -> float | None:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else None

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99)}


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
            stage = Stage(known_url(settings), key, replay_pass(_secret(settings)), tokens)
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


def _secret(settings: Settings) -> str:
    return settings.secret_key or secret_key(settings.data)
