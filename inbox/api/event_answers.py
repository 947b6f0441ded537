"""What is sent to a webhook, as the document of the API describes it: one model for each kind of event.

Owns the described form. jobs/feeding.py makes the bodies; that both agree is held by
tests/integration/test_webhooks.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from inbox.api.answers import Answer, Conversation, Draft, Message, TimelineEntry, Turn
from inbox.webhooks import TEST_KIND


class EventData(Answer):
    """Where it happened. `version` is the conversation's: of two events the later one has the higher, or the same."""

    project_id: int
    conversation_id: int
    version: int


class MessageData(EventData):
    """With the message or note."""

    message: Message


class ConversationData(EventData):
    """With the conversation as it is after the act."""

    conversation: Conversation


class TurnData(EventData):
    """With the responder's turn."""

    turn: Turn


class DraftData(EventData):
    """With the parked reply."""

    draft: Draft


class EntryData(EventData):
    """With the entry."""

    entry: TimelineEntry


class MessageCreated(Answer):
    """Somebody wrote a message, or an agent a note."""

    type: Literal["message.created"]
    timestamp: datetime
    data: MessageData


class MessageRemoved(Answer):
    """An agent took a message or note back: its `content` is empty, and what was kept of it is to be forgotten."""

    type: Literal["message.removed"]
    timestamp: datetime
    data: MessageData


class MessageEdited(Answer):
    """Whoever wrote a note put other words into it: they stand in the place of those that were told before."""

    type: Literal["message.edited"]
    timestamp: datetime
    data: MessageData


class ConversationUpdated(Answer):
    """A conversation began (version 0), or its status, assignee, labels or the like changed."""

    type: Literal["conversation.updated"]
    timestamp: datetime
    data: ConversationData


class TurnUpdated(Answer):
    """A turn of the responder was queued, begun or ended."""

    type: Literal["turn.updated"]
    timestamp: datetime
    data: TurnData


class DraftUpdated(Answer):
    """A reply was parked, sent or discarded."""

    type: Literal["draft.updated"]
    timestamp: datetime
    data: DraftData


class TimelineCreated(Answer):
    """Something happened; `data.entry.text` says it in words."""

    type: Literal["timeline.created"]
    timestamp: datetime
    data: EntryData


class TestData(Answer):
    """Who sent the test."""

    project_id: int
    webhook_id: int
    sent_by: str


class WebhookTest(Answer):
    """A test that a manager sent. It means nothing."""

    type: Literal["webhook.test"]
    timestamp: datetime
    data: TestData


EVENTS: dict[str, type[Answer]] = {
    "message.created": MessageCreated,
    "message.removed": MessageRemoved,
    "message.edited": MessageEdited,
    "conversation.updated": ConversationUpdated,
    "turn.updated": TurnUpdated,
    "draft.updated": DraftUpdated,
    "timeline.created": TimelineCreated,
}
SENT: dict[str, type[Answer]] = {**EVENTS, TEST_KIND: WebhookTest}
