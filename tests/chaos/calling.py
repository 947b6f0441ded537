"""Calling the product over HTTP while its parts die: what is clear, what is not, and what must never be answered.

Owns repeating: a POST with an Idempotency-Key is sent again until its answer is clear.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

import httpx2

from tests.chaos.history import History, Json

AGAIN_SECONDS = 0.2
TRIES = 600  # two minutes: longer than any part stays away


class Api:
    """Safe in many threads. `over` ends the repeating."""

    def __init__(self, url: str, history: History, over: threading.Event) -> None:
        self._http = httpx2.Client(
            base_url=f"{url}/api/v1",
            timeout=10,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        )
        self._history = history
        self._over = over

    def close(self) -> None:
        """End every connection."""
        self._http.close()

    def once(self, method: str, path: str, token: str | None, body: Json | None = None, **headers: str) -> Any:
        """The answer, or None where nobody can tell whether it was done."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            response = self._http.request(method, path, headers=headers, json=body)
        except httpx2.HTTPError:
            self._history.count("unclear")
            return None
        if response.status_code == 503 or _code(response) == "idempotency_in_flight":
            self._history.count("unavailable")
            return None
        if response.status_code >= 500 or response.status_code in {400, 401, 403, 404, 422, 429}:
            self._history.wrong.append(f"{method} {path} was answered {response.status_code}: {response.text[:200]}")
        return response

    def repeat(self, path: str, token: str | None, body: Json) -> Json | None:
        """POST with an Idempotency-Key until the answer is clear; its JSON if it was 201."""
        key = uuid.uuid4().hex
        for _ in range(TRIES):
            response = self.once("POST", path, token, body, **{"Idempotency-Key": key})
            if response is not None:
                if response.headers.get("Idempotency-Replayed"):
                    self._history.count("replayed")
                return dict(response.json()) if response.status_code == 201 else None
            if self._over.wait(AGAIN_SECONDS):
                return None
        return None

    def read(self, path: str, token: str) -> Json:
        """GET until it is answered. Raises TimeoutError."""
        for _ in range(TRIES):
            response = self.once("GET", path, token)
            if response is not None and response.status_code == 200:
                return dict(response.json())
            threading.Event().wait(AGAIN_SECONDS)
        raise TimeoutError(f"{path} was never answered")

    def read_all(self, path: str, token: str, by: str = "after") -> list[Json]:
        """All items of a list."""
        items: list[Json] = []
        cursor = "0" if by == "after" else None
        while True:
            more = f"&{by}={cursor}" if cursor is not None else ""
            page = self.read(f"{path}?limit=200{more}", token)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items


def _code(response: httpx2.Response) -> str | None:
    if response.status_code != 409:
        return None
    code: str | None = response.json().get("error", {}).get("code")
    return code
