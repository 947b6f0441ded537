"""Visitors who write and agents who act, all at once and at random, writing down what they were told.

Owns what they do. They use nothing but the public API.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Sequence

from inbox.conversation import PRIORITIES
from tests.chaos.calling import Api
from tests.chaos.history import History, House, Json, Place, Word

NEWEST = 8  # agents look at the newest conversations, so that they meet each other and the turns
OWN = 2  # a visitor's conversations at once
VISITOR_SECONDS = (0.1, 0.9)
AGENT_SECONDS = (0.05, 0.35)
STATUSES = ("open", "open", "pending", "solved", "snoozed", "spam")
LABELS = ("refund", "order", "vip", "shipping")
ACTS = (
    ["patch"] * 8 + ["claim", "note", "note", "reply", "take-over", "stop", "stop", "draft", "draft", "workflow"]
    + ["give-back"] * 4
)  # fmt: skip


def words(kind: str) -> str:
    """Words unlike all others."""
    return f"{kind} {uuid.uuid4().hex}"


def visit(api: Api, houses: Sequence[House], history: History, chance: random.Random, over: threading.Event) -> None:
    """One visitor after the other, each writing into their own conversation, until it is over."""
    own: list[Place] = []
    while not over.wait(chance.uniform(*VISITOR_SECONDS)):
        if len(own) < OWN or chance.random() < 0.08:
            place = _arrive(api, chance.choice(houses), history)
            own = [*own, place][-OWN:] if place else own
        elif own:
            _write(api, chance.choice(own), history)


def _arrive(api: Api, house: House, history: History) -> Place | None:
    made = api.repeat("/widget/sessions", None, {"project_key": house.key, "visitor": {"name": "Leila"}})
    if made is None:
        return None
    place = Place(house, int(made["conversation_id"]), str(made["token"]))
    history.places.append(place)
    return place


def _write(api: Api, place: Place, history: History) -> None:
    word = Word(place.conversation_id, "visitor", words("Where is"))
    history.words.append(word)
    word.told = api.repeat("/widget/messages", place.token, {"content": word.content})
    history.count("messages")


def act_for_ever(api: Api, number: int, history: History, chance: random.Random, over: threading.Event) -> None:
    """One agent, doing at random what agents do, until it is over."""
    while not over.wait(chance.uniform(*AGENT_SECONDS)):
        if history.places:
            place = chance.choice(history.places[-NEWEST:])
            _Act(api, place, number % len(place.house.agents), history, chance).do(chance.choice(ACTS))


class _Act:
    def __init__(self, api: Api, place: Place, agent: int, history: History, chance: random.Random) -> None:
        self.api = api
        self.path = f"/conversations/{place.conversation_id}"
        self.place = place
        self.me, self.token = place.house.agents[agent]
        self.history = history
        self.chance = chance

    def do(self, kind: str) -> None:
        self.history.count("acts")
        if kind == "patch":
            self.conversation("PATCH", "", self.change())
        elif kind in {"claim", "take-over", "give-back"}:
            self.conversation("POST", f"/{kind}", None)
        elif kind == "workflow":
            self.conversation("POST", "/workflow", {"node_id": None})
        elif kind in {"note", "reply"}:
            self.write(private=kind == "note")
        elif kind == "stop":
            self.stop()
        else:
            self.draft()

    def change(self) -> Json:
        return self.chance.choice(
            [
                {"status": self.chance.choice(STATUSES)},
                {"assignee_id": self.chance.choice([self.me, None])},
                {"priority": self.chance.choice(PRIORITIES)},
                {"labels": self.chance.sample(LABELS, 2)},
                {"status": "open", "assignee_id": self.me},
            ]
        )

    def conversation(self, method: str, path: str, body: Json | None) -> None:
        response = self.api.once(method, self.path + path, self.token, body)
        if response is not None and response.status_code == 200:
            self.history.told.append(response.json())

    def write(self, *, private: bool) -> None:
        word = Word(self.place.conversation_id, "agent", words("Note" if private else "Hello"), private)
        self.history.words.append(word)
        body = {"content": word.content, "private": private}
        word.told = self.api.repeat(f"{self.path}/messages", self.token, body)

    def stop(self) -> None:
        live = self.newest("turns")
        if live is not None and live["status"] in {"queued", "thinking"}:
            self.api.once("POST", f"{self.path}/turns/{live['id']}/stop", self.token)

    def draft(self) -> None:
        parked = self.newest("drafts")
        if parked is None or parked["state"] != "open":
            return
        if self.chance.random() < 0.3:
            self.api.once("POST", f"{self.path}/drafts/{parked['id']}/discard", self.token)
            return
        word = Word(self.place.conversation_id, "responder", words("Edited"))
        self.history.words.append(word)
        word.told = self.api.repeat(f"{self.path}/drafts/{parked['id']}/send", self.token, {"content": word.content})

    def newest(self, what: str) -> Json | None:
        response = self.api.once("GET", f"{self.path}/{what}?limit=1", self.token)
        items = response.json()["items"] if response is not None and response.status_code == 200 else []
        return items[0] if items else None
