"""Asking a model that is not waited for, and one that refuses.

Owns no test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from responder.model import Model
from tests.model_server import ModelServer, Script
from tests.unit.responder.building import Chosen

ASKED = [{"role": "user", "content": "Hello?"}]


@dataclass(frozen=True)
class Impatient(Chosen):
    """Settings of a model that is not waited for."""

    openai_api_key: str | None = "sk-canary-0123456789"
    model_connect_seconds: float = 0.5
    model_first_token_seconds: float = 0.5


def ask(*servers: ModelServer, **more: Any) -> Any:
    return Model.from_settings(Impatient(",".join(server.url for server in servers), **more)).ask(ASKED)


def refuses(status: int, **headers: str) -> Script:
    return lambda asked: asked.begin("application/json", status, **headers)
