"""What the offline responder says to a newcomer's first questions, over the demo's own snippets and the real search."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from commands import demo
from inbox.services import Services
from jobs import knowledge
from responder.offline import NOTHING_FOUND, WELCOME, answer
from tests.integration.callers import House

Answered = Callable[[str], str]


@pytest.fixture
def answered(services: Services, house: House) -> Answered:
    """Asks the demo's snippets and gives the reply without its source."""
    for title, content in demo.snippets():
        assert house.ada.post("/snippets", {"title": title, "content": content}).status_code == 201

    def ask(question: str) -> str:
        with services.reading() as connection:
            found = knowledge.search(connection, house.project_id, question)
        return answer([question], [(number, one.title, one.content) for number, one in enumerate(found)])

    return ask


FIRST_QUESTIONS = {
    "Hi, where is my order 3348917502? It was due on Monday.": "Tracking is under My orders",
    "hello, how do I send something back?": "prepaid label",
    "How long does delivery take?": "Standard delivery takes 3 to 5 working days",
    "can I change my shipping address": "has not left the warehouse",
    "The page says my promo code is not valid": "older than 7 days",
    "How long does a refund take?": "within 5 to 7 days",
    "when will my parcel arrive": "marked as delivered too early",
    "I was charged for a shirt I never bought": "never bought",
    "Are your boots waterproof?": "waterproof leather",
    "hi": WELCOME,
    "Good morning!": WELCOME,
    "xin chào": WELCOME,
    "Hi! Who won the football in Lisbon?": NOTHING_FOUND,
}


def test_a_newcomer_asks(answered: Answered) -> None:
    """A greeting is greeted only where nothing is asked with it, and what is not known is not answered with one."""
    replies = {question: answered(question) for question in FIRST_QUESTIONS}
    assert {question: reply for question, reply in replies.items() if FIRST_QUESTIONS[question] not in reply} == {}
