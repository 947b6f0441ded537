"""The views of the inbox: which conversations each shows.

Owns their names and filters. Must not query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from inbox import search
from inbox.access import Agent
from inbox.conversation import STATUSES
from inbox.listed import Filter
from inbox.saying import later, said

ViewKey = Literal["mine", "mentions", "unassigned", "all", "wanted", "thinking", "parked", "snoozed", "solved", "spam"]
WAITING = ("open", "pending")
SEARCHED = tuple(status for status in STATUSES if status != "spam")


@dataclass(frozen=True)
class View:
    """A view as the page lists it; `count` is its figure, by its key among inbox.counts."""

    key: ViewKey
    name: str
    icon: str
    hue: str = ""
    count: int | None = None

    @property
    def can_wait(self) -> bool:
        """Whether somebody who waits for a person may be in it."""
        return self.key in ("mine", "mentions", "unassigned", "all", "wanted")


VIEWS = (
    View("mine", later("Mine"), "user"),
    View("mentions", later("Mentions"), "at"),
    View("unassigned", later("Unassigned"), "user-off"),
    View("all", later("All"), "inbox"),
    View("wanted", later("Needs a person"), "hand", "is-wanted"),
    View("thinking", later("Thinking"), "spark", "is-ai"),
    View("parked", later("Parked replies"), "park", "is-ai"),
    View("snoozed", later("Snoozed"), "clock"),
    View("solved", later("Solved"), "solved"),
    View("spam", later("Spam"), "ban"),
)
BY_KEY: dict[str, View] = {view.key: view for view in VIEWS}


def named(key: str | None) -> View:
    """The view of this key; all where there is none."""
    return BY_KEY.get(key or "all", BY_KEY["all"])


def filter_of(view: View, who: Agent) -> Filter:
    """What the view shows."""
    filters = {
        "mine": Filter(statuses=WAITING, assignee=who.id),
        "mentions": Filter(mentioned=who.id),
        "unassigned": Filter(statuses=WAITING, assignee="none"),
        "all": Filter(statuses=WAITING),
        "wanted": Filter(statuses=WAITING, wanted=True),
        "thinking": Filter(thinking=True),
        "parked": Filter(parked=True),
    }
    return filters.get(view.key, Filter(statuses=(view.key,)))


def searched(view: View, q: str, who: Agent) -> Filter:
    """What the view shows of a search. A search in all looks at solved ones too."""
    wanted = replace(filter_of(view, who), search=search.parse(q), who=who.id)
    if q and view.key == "all":
        wanted = replace(wanted, statuses=() if wanted.search.statuses else SEARCHED)
    return wanted


def counted(counts: Mapping[str, int]) -> list[View]:
    """All views with their figures."""
    return [replace(view, name=said(view.name), count=counts[view.key]) for view in VIEWS]
