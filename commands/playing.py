"""Playing customers and agents against the running product, over HTTP as their browsers would.

Owns what each of them does, and what was seen of it. Must not judge it: commands/tallying.py counts.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from commands.customers import Customer
from commands.lost_updates import Ledger
from inbox.limits import PASS_HEADER

ANSWER_SECONDS = 300.0  # a message that has not come to an end by then counts as waiting
LOOK_SECONDS = 0.1
ACT_SECONDS = 0.05  # between two acts of one agent
LIVE = ("queued", "thinking")


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
        if response.status_code == 200:
            played.ledger.acknowledged(response.json(), list(change))
        return
    act = chance.choice(["claim", "note", "note", "note", "reply", "take-over", "give-back", "give-back", "read"])
    if act in {"note", "reply"}:
        words = {"content": "I am looking at this.", "private": act == "note"}
        stage.act(agent, "POST", f"{path}/messages", words)
        return
    response = stage.act(agent, "POST", f"{path}/{act}")
    if act == "claim" and response.status_code == 200:
        played.ledger.acknowledged(response.json(), ["assignee_id"])
