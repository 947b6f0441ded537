"""One run of chaos: the product is started, rounds of load with kills follow, each settles and is checked.

Owns the order of things. A round has projects of its own, so a run may be as long as anybody likes.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.background import Background
from tests.chaos import checks, final, people, readers, streams
from tests.chaos.armed import ENVIRONMENT, ArmedProduct, house
from tests.chaos.calling import Api
from tests.chaos.final import Final
from tests.chaos.history import History, House, Place, Seen
from tests.chaos.killer import Killer
from tests.chaos.thinking import Thinking
from tests.model_server import ModelServer
from tests.product import Product

ROUND_SECONDS = 90.0
FURTHER_SECONDS = 10.0  # of a round for the kills that are missing
VISITORS, AGENTS, READERS = 5, 4, 2
READ_SECONDS = 60.0  # for clients of the streams to get to the end once everything rests


@dataclass
class Storm:
    """A run in the folder `data`; everything that is chosen at random comes from `seed`.

    A slow machine goes on, a round at a time, until it has killed `least_kills`.
    """

    data: Path
    seconds: float
    seed: int
    port: int | None = None
    fault: str | None = None
    least_kills: int = 0
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    turns: Counter[str] = field(default_factory=Counter)

    def run(self) -> dict[str, Any]:
        """Storm for so long; returns the counts. `violations` counts what is in `wrong`."""
        with ModelServer() as model, self._product(model) as product:
            model.default = Thinking(random.Random(f"{self.seed} model"))
            killer = Killer(product.data, random.Random(f"{self.seed} killer"))
            until, number = time.monotonic() + self.seconds, 0
            while (left := until - time.monotonic()) > 0 or sum(killer.kills.values()) < self.least_kills:
                self._round(product, killer, number, min(max(left, FURTHER_SECONDS), ROUND_SECONDS))
                model.asked.clear()
                number += 1
        self.wrong += killer.wrong
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "kills": dict(sorted(killer.kills.items())),
            "at_points": dict(sorted(killer.at_points.items())),
            "points_not_reached": sorted(killer.never_reached()),
            "back_seconds": killer.back_seconds,
            **dict(sorted(self.counts.items())),
            "turns": dict(sorted(self.turns.items())),
            "violations": len(self.wrong),
        }

    @contextmanager
    def _product(self, model: ModelServer) -> Iterator[Product]:
        environment = ENVIRONMENT | {"OPENAI_BASE_URL": model.url, "CHAOS_FAULT": self.fault or ""}
        product = ArmedProduct(self.data, environment, port=self.port)
        try:
            yield product.start()
        finally:
            if product.process is not None:
                product.stop()

    def _round(self, product: Product, killer: Killer, number: int, seconds: float) -> None:
        houses = [house(product, f"{number} {mode}", mode, AGENTS) for mode in ("simple", "orchestrator")]
        history, over, read = History(), threading.Event(), threading.Event()
        url = str(product.run["url"])
        api = Api(url, history, over)
        try:
            reading = self._readers(url, houses, history, read, number)
            acting = [*self._people(api, houses, history, over, number), Background(killer.run, (over,))]
            visiting = _VisitorReaders(url, history, read)
            visiting.follow_some(over, seconds)
            for one in acting:
                one.result()
            final.settle(api, history.places, history)
            self._check(api, history, houses, visiting)
        finally:
            over.set()
            read.set()
        for one in [*reading, *visiting.running]:
            one.result()
        api.close()

    def _people(
        self, api: Api, houses: list[House], history: History, over: threading.Event, number: int
    ) -> list[Background]:
        chances = [random.Random(f"{self.seed} {number} {n}") for n in range(VISITORS + AGENTS)]
        visitors = [Background(people.visit, (api, houses, history, chances[n], over)) for n in range(VISITORS)]
        agents = [
            Background(people.act_for_ever, (api, n, history, chances[VISITORS + n], over)) for n in range(AGENTS)
        ]
        return visitors + agents

    def _readers(
        self, url: str, houses: list[House], history: History, over: threading.Event, number: int
    ) -> list[Background]:
        running = []
        for one in houses:
            for n in range(READERS):
                seen = Seen(f"reader {n} of project {one.project_id}")
                history.streams.append(seen)
                chance = random.Random(f"{self.seed} {number} {seen.name}")
                address = f"{url}/api/v1/events"
                running.append(Background(readers.follow, ([address], one.token, seen, history, chance, over)))
        return running

    def _check(self, api: Api, history: History, houses: list[House], visiting: _VisitorReaders) -> None:
        places = list(history.places)
        finals = {place.conversation_id: final.read(api, place) for place in places}
        self.wrong += history.wrong
        for number, one in enumerate(houses):
            own = [finals[p.conversation_id] for p in places if p.house == one]
            group = history.streams[number * READERS : (number + 1) * READERS]
            self._check_project(history, own, group)
        for place, seen in visiting.seen:
            _wait(
                lambda place=place, seen=seen: not [*streams.complete_for_visitor(seen, finals[place.conversation_id])]
            )
            self.wrong += [*streams.ordered(seen), *streams.complete_for_visitor(seen, finals[place.conversation_id])]
        for shown in finals.values():
            self.turns.update(turn["status"] for turn in shown.turns)
        self.counts.update(history.counts)
        self.counts["conversations"] += len(finals)
        self.counts["events"] += sum(len(seen.events) for seen in [*history.streams, *(s for _, s in visiting.seen)])
        self.counts["connections"] += sum(seen.connections for seen in history.streams)

    def _check_project(self, history: History, finals: list[Final], group: list[Seen]) -> None:
        _wait(lambda: not [*streams.alike(group)] and not [*streams.complete(group[0], finals)])
        for seen in group:
            self.wrong += [*streams.ordered(seen), *streams.complete(seen, finals), *streams.ended_once(seen)]
        self.wrong += streams.alike(group)
        states = streams.states_of(group[0].events)
        for one in finals:
            number = one.conversation["id"]
            words = [word for word in history.words if word.conversation_id == number]
            told = [known for known in history.told if known["id"] == number]
            self.wrong += checks.conversation(one, words, told, states.get(number, {}))


class _VisitorReaders:
    """Some visitors watch their own conversation."""

    MOST = 4

    def __init__(self, url: str, history: History, over: threading.Event) -> None:
        self._url = f"{url}/api/v1/widget/events"
        self._history = history
        self._over = over
        self.seen: list[tuple[Place, Seen]] = []
        self.running: list[Background] = []

    def follow_some(self, over: threading.Event, seconds: float) -> None:
        """For so long let new conversations be watched, up to MOST of them; then it is over."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            places = self._history.places
            if len(self.seen) < min(self.MOST, len(places)):
                self._follow(places[len(self.seen) * 3 % len(places)])
            threading.Event().wait(min(1.0, left))
        over.set()

    def _follow(self, place: Place) -> None:
        seen = Seen(f"visitor of conversation {place.conversation_id}")
        self.seen.append((place, seen))
        chance = random.Random(place.conversation_id)
        arguments = ([self._url], place.token, seen, self._history, chance, self._over)
        self.running.append(Background(readers.follow, arguments))


def _wait(holds: Any) -> None:
    """Give the clients of the streams their time; what does not hold then is found by the checks."""
    until = time.monotonic() + READ_SECONDS
    while not holds() and time.monotonic() < until:
        threading.Event().wait(0.2)
