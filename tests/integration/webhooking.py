"""What tests of webhooks do: make one, look at its log, let the time until the next attempt pass.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import House
from tests.receiver import Received, Receiver

MESSAGES = ["message.created"]


def hook(house: House, receiver: Receiver, events: list[str] | None = None) -> dict[str, Any]:
    """A new webhook of the house, with its secret."""
    made = house.ada.post("/webhooks", {"url": receiver.url, "events": events or MESSAGES})
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def log_of(house: House, webhook: Mapping[str, Any], **query: str) -> list[dict[str, Any]]:
    """Its deliveries, oldest first."""
    answer = house.ada.get(f"/webhooks/{webhook['id']}/deliveries", query_string=query)
    return list(answer.get_json()["items"][::-1])


def due_now(services: Services) -> None:
    """As if the time until the next attempts had passed."""
    with services.database.begin() as connection:
        connection.execute(text("UPDATE webhook_delivery SET due_at = now(), lease_until = NULL"))
        connection.execute(text("UPDATE webhook SET rests_until = NULL"))


def contents(received: list[Received]) -> list[str]:
    return [one.event["data"]["message"]["content"] for one in received]
