"""A model whose every call is counted against the project's caps before it is made.

Owns what is reserved. Must not know how tokens are counted: inbox/spending.py does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inbox import spending
from inbox.spending import Caps, Reserved
from responder.answer import Answer, ModelFailed, SpendCapReached
from responder.surroundings import Answering
from responder.tokens import estimated

log = logging.getLogger(__name__)

REPLY_TOKENS = 500  # kept free for an answer, as long as most are


@dataclass(frozen=True)
class MeteredModel:
    """Asks as the model does. Holds no connection while it waits for the answer."""

    model: Answering
    engine: Engine
    project_id: int
    visitor_id: int
    caps: Caps

    def ask(
        self,
        messages: list[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        must_call: str | None = None,
        on_text: Callable[[str], None] = lambda text: None,
    ) -> Answer:
        """The model's answer. Raises SpendCapReached without asking where a cap leaves no room.

        A call that fails is not charged. One whose end nobody hears, the turn stopped or its worker killed, is charged
        as estimated.
        """
        prompt = estimated(json.dumps([messages, tools], ensure_ascii=False))
        reserved = spending.reserve(self.engine, self.project_id, self.visitor_id, self.caps, prompt + REPLY_TOKENS)
        if reserved is None:
            raise SpendCapReached("The project’s cap on tokens leaves no room for this call.")
        try:
            answer = self.model.ask(messages, tools, must_call, on_text)
        except ModelFailed:
            self._settle(reserved, 0)
            raise
        counted = answer.usage.prompt_tokens + answer.usage.completion_tokens
        # Not every server says what it counted.
        self._settle(reserved, counted or prompt + estimated(answer.text))
        return answer

    def _settle(self, reserved: Reserved, spent: int) -> None:
        """An answer in hand is worth more than an exact count: where the database is away, the estimate stands."""
        try:
            spending.settle(self.engine, reserved, spent)
        except SQLAlchemyError as error:
            log.warning("Tokens of project %s stay counted as estimated: %s", self.project_id, type(error).__name__)


def metered(model: Answering, engine: Engine, project_id: int, visitor_id: int, caps: Caps) -> Answering:
    """The model behind the project's caps; the model itself where there are none."""
    if not (caps.visitor_hour or caps.day):
        return model
    return MeteredModel(model, engine, project_id, visitor_id, caps)
