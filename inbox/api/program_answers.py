"""What the answers about webhooks, tokens, labels and visitors hold, for the document of the API.

Owns the described form, as answers.py does for the rest.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from inbox.access import Scope
from inbox.api.answers import Answer, Named, Visitor
from inbox.deliveries import State
from inbox.label_colours import Colour
from inbox.listed import Sort
from inbox.reports import Unit
from inbox.views import ViewKey


class Webhook(Answer):
    """An address that is told of events. `off_reason` says why it is off where nobody switched it off.

    `rests_until` is when a server that failed several times in a row is asked again.
    """

    id: int
    url: str
    description: str
    events: list[str]
    enabled: bool
    off_reason: Literal["gone", "failing"] | None
    version: int
    changed_by: str | None
    previous_until: datetime | None
    failing_since: datetime | None
    rests_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """`secret` verifies the signatures, and is told this once."""

    secret: str


class DeliveryTry(Answer):
    """One attempt: the status that came back, or the fault for which none did. `said` is the answer's beginning."""

    at: datetime
    status: int | None
    fault: str | None
    ms: int
    said: str


class Delivery(Answer):
    """One event on its way to a webhook. `event_id` is its `webhook-id`, the same at every attempt."""

    id: int
    webhook_id: int
    conversation_id: int | None
    version: int | None
    event_id: str
    kind: str
    body: str
    state: State
    failures: int
    due_at: datetime | None
    tries: list[DeliveryTry]
    created_at: datetime
    ended_at: datetime | None


class VisitorAlone(Visitor):
    """A visitor by themselves. `version` is their ETag."""

    version: int
    created_at: datetime


class LabelUsed(Answer):
    """A label, and how many conversations have it."""

    name: str
    conversations: int
    colour: Colour | None


class LabelColoured(Answer):
    """A label's colour as it is now."""

    name: str
    colour: Colour | None


class Relabelled(Answer):
    """How many conversations were changed. While `more` is true, there are others: send the same again."""

    changed: int
    more: bool


class SavedView(Answer):
    """A view that somebody saved. `search` is as typed into the inbox's search field, `sort` is the order it shows."""

    id: int
    name: str
    view: ViewKey
    search: str
    sort: Sort
    shared: bool
    created_by: int
    created_at: datetime


class ReportLine(Answer):
    """A value for each day of the report; null where there was nothing to measure."""

    key: str
    values: list[float | None]


class ReportPlot(Answer):
    """One plot, and the figure of the whole period. `more` differs by plot, such as the reasons of hand-offs."""

    key: str
    unit: Unit
    total: float | None
    lines: list[ReportLine]
    more: dict[str, Any]


class Report(Answer):
    """How the project did. Seconds are from the visitor's first message; `races.more.lost` counts lost updates."""

    since: date
    until: date
    zone: str
    days: list[date]
    plots: list[ReportPlot]


class ReportAgent(Answer):
    """What one agent did. `first_reply` is a median in seconds, where they were the first person to reply; `satisfied`
    the percentage of good ratings of what they solved.
    """

    agent_id: int
    name: str
    conversations: int
    replies: int
    first_reply: float | None
    solved: int
    ratings: int
    satisfied: float | None


class ReportLabel(Answer):
    """Conversations that began in the period with this label; null is those without one. `by_ai` is a percentage,
    the others are medians in seconds from the visitor's first message.
    """

    label: str | None
    conversations: int
    by_ai: float | None
    first_reply: float | None
    until_solved: float | None


class ReportBreakdown(Answer):
    """`hours` are visitors' messages: seven days from Monday, with 24 hours each."""

    since: date
    until: date
    zone: str
    agents: list[ReportAgent]
    labels: list[ReportLabel]
    hours: list[list[int]]


class ProjectNamed(Named):
    """A project that you are a member of. `this` is the one that the token is for."""

    this: bool


class ProjectMade(Named):
    """A project that you lead: the `key` is the widget's, `token` is yours for it and told this once."""

    key: str
    token: str


class Token(Answer):
    """An API token, without the token itself. `expires_at` null: it holds until it is revoked."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(Token):
    """`token` is told this once."""

    token: str


class Replayed(Answer):
    """How many deliveries are sent once more."""

    replayed: int
