"""How a search goes about it: along the list, or from the index of its words.

Owns the choice, by what the server's statistics say each would cost. Who looks for a word of many goes along the list,
newest first, and stops where the page is full; else the index is asked for the newest stretches of messages, and for
earlier ones until there are enough: for all words, or for the rarest, whose messages are then read. Must not know what
a search means (listed.py).
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
MET_US = 2.0  # one of which only the visitor is
LISTED_US = 1.0  # one that is only read, in the list's order
READ_US = 4.5  # one that an index names, somewhere
FOUND_US = 1.0  # a message that the index names and that is then read
HELD_US = 4.5  # one that is then held against the other words
NAMED_US = 0.1  # one that it only names
ASKED_US = 3.0  # a stretch that is asked for a word
VISITED_US = 5.0  # a visitor that the index names and whose name is read
LOOKED_UP_US = 5.0  # a conversation looked up for a match


@dataclass(frozen=True)
class Size:
    """What the statistics say: messages that hold each word, visitors that have the name, conversations that fulfil
    the rest, and all there are."""

    words: tuple[float, ...]
    visitors: float
    rest: float
    conversations: float
    all_messages: float

    @property
    def messages(self) -> float:
        """Those that hold all words. Words that are asked for together are no strangers: nearer to the rarest's."""
        if not self.words:
            return 0.0
        strangers = prod(self.words) / max(1.0, self.all_messages) ** (len(self.words) - 1)
        return cbrt(min(self.words) ** 2 * strangers)

    @property
    def found(self) -> float:
        """Conversations that hold the words: two messages of one often do."""
        return max(1.0, self.messages / 2 + self.visitors)


@dataclass(frozen=True)
class Way:
    """Along the list, or else from the words; then by the index of all of them, or of the one in this place.

    Along it for a usual name: which conversations say it is asked of the index at once, and only visitors are met.
    """

    walks: bool
    rarest: int | None = None
    by_name: bool = False


def choose(size: Size, limit: int, most: int) -> Way:
    """The way that costs least, for a page of `limit`, where at most `most` matches are looked at."""
    walked = min(size.rest, limit * size.conversations / size.found)
    rarest = min(range(len(size.words)), key=size.words.__getitem__, default=None)
    every = sum(size.words) * NAMED_US + size.messages * FOUND_US
    one = every if rarest is None else size.words[rarest] * (NAMED_US + HELD_US)
    stretches = size.all_messages / STRETCH * len(size.words) * ASKED_US
    asked = min(every, one) + stretches
    looked_up = min(most, size.messages) * LOOKED_UP_US
    by = rarest if one < every and len(size.words) > 1 else None
    ways = {
        Way(walks=False, rarest=by): _read(size, most) * asked + looked_up + size.visitors * VISITED_US,
        Way(walks=True): walked * WALKED_US,
    }
    if size.words and size.visitors:
        ways[Way(walks=True, rarest=by, by_name=True)] = asked + walked * MET_US
    return min(ways, key=ways.__getitem__)


def _read(size: Size, most: int) -> float:
    """How much of all messages is read until `most` matches are found, stretch by stretch."""
    matches = size.messages * size.rest / max(1.0, size.conversations)
    return min(1.0, max(STRETCH / max(1.0, size.all_messages), most / max(1.0, matches)))


def choose_listed(size: Size, limit: int) -> Way:
    """Likewise where no words are looked for, but something that the list is not in the order of."""
    walked = limit * size.conversations / max(1.0, size.rest)
    return Way(walks=walked * LISTED_US < size.rest * READ_US)


def sizes(connection: Connection, words: Sequence[str], asked: dict[str, str], parameters: dict[str, Any]) -> Size:
    """What the statistics say about these queries: one for each word, the others by the names of Size."""
    everything = {"conversations": "SELECT FROM conversation", "all_messages": "SELECT FROM message_search"}
    arms = {**everything, **asked, **{f"word_{place}": sql for place, sql in enumerate(words)}}
    described = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in arms.items())
    statement = f"EXPLAIN (FORMAT JSON) WITH {described} SELECT FROM {', '.join(arms)}"
    (row,) = fetch_all(connection, statement, parameters, prepare=False)
    plans = row["QUERY PLAN"][0]["Plan"]["Plans"]
    said = {plan["Subplan Name"]: float(plan["Plan Rows"]) for plan in plans if "Subplan Name" in plan}
    found = {name: said.get(f"CTE {name}", 0.0) for name in ("visitors", "rest", *everything)}
    return Size(words=tuple(said[f"CTE word_{place}"] for place in range(len(words))), **found)
