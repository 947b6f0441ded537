"""How a search goes about it: along the list, or from the index of its words.

Owns the choice, by what the server's statistics say each would cost. Who looks for a word of many goes along the list,
newest first, and stops where the page is full; else the index is asked for the newest stretches of messages, and for
earlier ones until there are enough: for all words, or for the rarest, whose messages are then read. Of whom `from:`
names, where they are few, the conversations are read. Must not know what a search means (listed.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cbrt, prod
from typing import Any

from sqlalchemy import Connection

from inbox.database import fetch_all

STRETCH = 16_384  # messages in one: stretch_of in migration 0001
# Measured with a million conversations in memory; only what they are to each other counts.
WALKED_US = 5.0  # a conversation of the list whose messages and visitor are looked at
MET_US = 2.0  # one of which only the visitor is, or a label
READ_US = 4.5  # one that an index names, somewhere
FOUND_US = 1.0  # a message that the index names and that is then read
HELD_US = 4.5  # one that is then held against the other words
NAMED_US = 0.1  # one that it only names
ASKED_US = 3.0  # a stretch that is asked for a word
VISITED_US = 5.0  # a visitor that the index names and whose name is read
LOOKED_UP_US = 5.0  # a conversation looked up for a match


@dataclass(frozen=True)
class Size:
    """What the statistics say: messages that hold each word, visitors that have the name or that `from:` names,
    conversations that fulfil the rest, and all there are. `listed` are those of the part of the rest that some index
    has in the list's order."""

    words: tuple[float, ...]
    visitors: float
    rest: float
    conversations: float
    all_messages: float
    senders: float = 0.0
    listed: float = 0.0

    @property
    def messages(self) -> float:
        """Those that hold all words."""
        return self.together(range(len(self.words)))

    def together(self, places: Sequence[int]) -> float:
        """Messages that hold these words. Asked for together they are no strangers: nearer to the rarest's."""
        if not places:
            return 0.0
        words = [self.words[place] for place in places]
        strangers = prod(words) / max(1.0, self.all_messages) ** (len(words) - 1)
        return cbrt(min(words) ** 2 * strangers)

    @property
    def found(self) -> float:
        """Conversations that hold the words: two messages of one often do."""
        return max(1.0, (self.messages / 2 + self.visitors) * self.of_senders)

    @property
    def of_senders(self) -> float:
        """The share of all conversations that is of those whom `from:` names."""
        return self.senders / max(1.0, self.conversations) if self.senders else 1.0

    @property
    def kept(self) -> float:
        """The share of all that is left by the rest and by whom it is from, not nothing."""
        return max(1.0, self.rest * self.of_senders) / max(1.0, self.conversations)


@dataclass(frozen=True)
class Way:
    """Along the list, or else from the words; then by the index of all of them, or of those in these places.

    Along it for a usual name: which conversations say it is asked of the index at once, and only visitors are met.
    `by_sender`: neither, but through the conversations of the visitors that `from:` names.
    """

    walks: bool
    asked: tuple[int, ...] | None = None
    by_name: bool = False
    by_sender: bool = False


def choose(size: Size, limit: int, most: int) -> Way:
    """The way that costs least, for a page of `limit`, where at most `most` matches are looked at."""
    walked = min(size.rest, limit * size.conversations / size.found)
    places, asked = _asked(size)
    by = None if len(places) == len(size.words) else places
    looked_up = min(size.messages, most / size.kept) * LOOKED_UP_US
    visited = (size.visitors + size.senders) * VISITED_US
    ways = {
        Way(walks=False, asked=by): _read(size, most) * asked + looked_up + visited,
        Way(walks=True): walked * WALKED_US,
    }
    if size.words and size.visitors:
        ways[Way(walks=True, asked=by, by_name=True)] = asked + walked * MET_US
    if size.words and size.senders:
        ways[Way(walks=False, by_sender=True)] = size.senders * VISITED_US + min(size.senders, most) * WALKED_US
    return min(ways, key=ways.__getitem__)


def _asked(size: Size) -> tuple[tuple[int, ...], float]:
    """The words that the index is best asked for, the rarest of them, and what it costs to read what it names."""
    rarest = sorted(range(len(size.words)), key=size.words.__getitem__)
    costs: dict[tuple[int, ...], float] = {} if rarest else {(): 0.0}
    for many in range(1, len(rarest) + 1):
        places = tuple(sorted(rarest[:many]))
        read_us = FOUND_US if many == len(rarest) else HELD_US
        stretches = size.all_messages / STRETCH * many * ASKED_US
        named = sum(size.words[place] for place in places) * NAMED_US
        costs[places] = named + size.together(places) * read_us + stretches
    best = min(costs, key=costs.__getitem__)
    return best, costs[best]


def _read(size: Size, most: int) -> float:
    """How much of all messages is read until `most` matches are found, stretch by stretch."""
    return min(1.0, max(STRETCH / max(1.0, size.all_messages), most / max(1.0, size.messages * size.kept)))


def choose_listed(size: Size, limit: int) -> Way:
    """Likewise where no words are looked for, but something that the list is not in the order of."""
    walked = limit * size.listed / max(1.0, size.rest)
    return Way(walks=walked * MET_US < size.rest * READ_US)


def sizes(connection: Connection, words: Sequence[str], asked: dict[str, str], parameters: dict[str, Any]) -> Size:
    """What the statistics say about these queries: one for each word, the others by the names of Size."""
    everything = {"conversations": "SELECT FROM conversation", "all_messages": "SELECT FROM message_search"}
    arms = {**everything, **asked, **{f"word_{place}": sql for place, sql in enumerate(words)}}
    described = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in arms.items())
    statement = f"EXPLAIN (FORMAT JSON) WITH {described} SELECT FROM {', '.join(arms)}"
    (row,) = fetch_all(connection, statement, parameters, prepare=False)
    plans = row["QUERY PLAN"][0]["Plan"]["Plans"]
    said = {plan["Subplan Name"]: float(plan["Plan Rows"]) for plan in plans if "Subplan Name" in plan}
    found = {name: said.get(f"CTE {name}", 0.0) for name in ("visitors", "senders", "rest", "listed", *everything)}
    return Size(words=tuple(said[f"CTE word_{place}"] for place in range(len(words))), **found)
