"""Asking a model that answers, one that refuses, and one that is silent and not waited for.

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
class Keyed(Chosen):
    """Settings with a key that nobody may be told."""

    openai_api_key: str | None = "sk-canary-0123456789"


@dataclass(frozen=True)
class Impatient(Keyed):
    """Settings of a model that will not answer, and is not waited for."""

    model_connect_seconds: float = 0.5
    model_first_token_seconds: float = 0.5
    model_total_seconds: float = 1


def ask(*servers: ModelServer, **more: Any) -> Any:
    return Model.from_settings(Keyed(",".join(server.url for server in servers), **more)).ask(ASKED)


def refuses(status: int, **headers: str) -> Script:
    return lambda asked: asked.begin("application/json", status, **headers)
