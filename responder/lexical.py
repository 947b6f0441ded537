"""Comparing texts by their words: what the offline responder has instead of understanding.

Owns stemming, stop words and the score. Pure.

The weighting is the inverse document frequency of information retrieval (K. Spärck Jones, 1972), taken over the
candidates that are compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
STOP = frozenset(
    """a an and are as at be been but by can could did do does doing for from had has have having he her hers him his
    how i i'd i'll i'm i've if in into is it it's its just me my no nor not of off on or our ours out over own please
    she should so some such than thank thanks that the their theirs them then there these they this those to too under
    up us very was we were what what's when where which while who whom why will with would yes you your yours hi hello
    hey get got want need like know tell say any am also about asks ask customer visitor whether one""".split()
)
SUFFIXES = ("ations", "ation", "ingly", "ings", "ing", "edly", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "e")
SHORTEST_STEM = 3


def stem(word: str) -> str:
    """The word without its commonest English endings."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
            return word[: -len(suffix)] + ("y" if suffix in {"ies", "ied"} else "")
    return word


def stems(text: str) -> Counter[str]:
    """The stems of a text's telling words, counted."""
    words = (word.lower().replace("’", "'") for word in WORD.findall(text))
    return Counter(stem(word) for word in words if word not in STOP)


def scores(query: str, candidates: Sequence[str], *, picked_from: int = 0) -> list[float]:
    """How well each candidate fits the query: idf-weighted shared stems over the root of the candidate's length.

    Candidates that a search has picked share its words, which is no sign that these say little: `picked_from` is how
    many texts it had to pick from, all others being without the words.
    """
    wanted = stems(query)
    bags = [stems(candidate) for candidate in candidates]
    seen_in = Counter(word for bag in bags for word in bag)

    def weight(word: str) -> float:
        return math.log(1 + (max(len(bags), picked_from) + 1) / (seen_in[word] + 0.5))

    def score(bag: Counter[str]) -> float:
        shared = sum(weight(word) * min(2, bag[word]) ** 0.5 for word in wanted if word in bag)
        return float(shared / math.sqrt(4 + sum(bag.values())))

    return [score(bag) for bag in bags]


def shared_turns(query: str, candidate: str) -> int:
    """How many turns of phrase (two words in a row, telling or not) the candidate has of the query."""
    return len(_pairs(query) & _pairs(candidate))


def _pairs(text: str) -> set[tuple[str, str]]:
    words = [word.lower() for word in WORD.findall(text)]
    return set(pairwise(words))


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]
