"""How many event streams are open here, of each visitor and each address: a browser opens few, who means ill thousands.

Owns the count and how many are too many. What agents open is not counted: who they are is known, and can be ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

# One takes some 4 KiB and a file. A stream whose client vanished without a word stays until its network gives it up, a
# quarter of an hour at most: a phone that loses its own every 15 s has sixty of them.
OF_A_VISITOR = 2_000
OF_AN_ADDRESS = 10_000  # an office, a school, a network of phones, or a proxy that TANDEM_PROXIES does not know of

Whose = Mapping[str, int]  # as whom a stream counts, and how many such there may be
NOBODYS: Whose = {}


def visitors(conversation_id: int, address: str) -> Whose:
    """As whom a visitor's stream counts."""
    return {f"visitor {conversation_id}": OF_A_VISITOR, f"address {address}": OF_AN_ADDRESS}


class Crowd:
    """The streams that are open in this process. The caller sees to it that one thread at a time is at it."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many visitors and addresses have any open."""
        return len(self._open)

    def has_room(self, whose: Whose) -> bool:
        """Whether one more may be opened."""
        return all(self._open[name] < most for name, most in whose.items())

    def come(self, whose: Whose) -> None:
        """One is open."""
        self._open.update(whose.keys())

    def go(self, whose: Whose) -> None:
        """It is closed."""
        for name in whose:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
