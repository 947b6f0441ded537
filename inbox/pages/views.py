"""The views of the inbox: which conversations each shows.

Owns their names and filters. Must not query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from inbox.access import Agent
from inbox.language import later, said
from inbox.listed import Filter

WAITING = ("open", "pending")


@dataclass(frozen=True)
class View:
    """A view as the page lists it; `count` is its figure, by its key among inbox.counts."""

    key: str
    name: str
    icon: str
    hue: str = ""
    count: int | None = None


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
BY_KEY = {view.key: view for view in VIEWS}


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
        "wanted": Filter(statuses=WAITING, responder_states=("handed_off",)),
        "thinking": Filter(thinking=True),
        "parked": Filter(parked=True),
    }
    return filters.get(view.key, Filter(statuses=(view.key,)))


def counted(counts: Mapping[str, int]) -> list[View]:
    """All views with their figures."""
    return [replace(view, name=said(view.name), count=counts[view.key]) for view in VIEWS]
