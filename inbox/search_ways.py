"""How a search goes about it: along the list, or from the index of its words.

Owns the choice, by what the server's statistics say each would cost. Who looks for a word of many goes along the list,
newest first, and stops where the page is full; who looks for one of few asks the index for all of them, and for one in
between asks it for the newest stretches of messages. Must not know what a search means (listed.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cbrt, ceil, prod
from typing import Any

from sqlalchemy import Connection

from inbox.database import fetch_all

STRETCH = 50_000  # messages in one: stretch_of in migration 0001
MOST_STRETCHES = 16  # each is one more word to look for
# Measured with a million conversations in memory; only what they are to each other counts.
WALKED_US = 5.0  # a conversation of the list whose messages and visitor are looked at
LISTED_US = 1.0  # one that is only read
FOUND_US = 4.5  # a row that the index names and that is then read
NAMED_US = 0.25  # one that it only names, for each word that it is compared with
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
    """Along the list, or else from the words; then among how many of the newest stretches, or among all."""

    walks: bool
    stretches: int | None = None


def choose(size: Size, limit: int, most: int) -> Way:
    """The way that costs least, for a page of `limit`, where at most `most` matches are looked at."""
    walked = min(size.rest, limit * size.conversations / size.found)
    named = sum(size.words) * NAMED_US * len(size.words)
    all_of_them = named + (size.messages + size.visitors) * FOUND_US
    stretches = _stretches(size, most)
    newest = named + most * (FOUND_US + LOOKED_UP_US) + size.visitors * FOUND_US
    found = min(newest, all_of_them) if stretches else all_of_them
    if walked * WALKED_US < found:
        return Way(walks=True)
    return Way(walks=False, stretches=stretches if found < all_of_them else None)


def choose_listed(size: Size, limit: int) -> Way:
    """Likewise where no words are looked for, but something that the list is not in the order of."""
    walked = limit * size.conversations / max(1.0, size.rest)
    return Way(walks=walked * LISTED_US < size.rest * FOUND_US)


def _stretches(size: Size, most: int) -> int | None:
    """How many of the newest hold `most` matches, or None where that is very many."""
    every = ceil(size.all_messages / STRETCH)
    matches = size.messages * size.rest / max(1.0, size.conversations) / max(1, every)
    wanted = 1 + ceil(1.5 * most / matches) if matches else every  # the newest stretch has just begun
    return wanted if wanted < min(MOST_STRETCHES, every / 2) else None


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
