"""One POST to a project's address: signed, to public addresses only, no redirect, and over in ten seconds.

Owns the request and what is told of the answer. Must not know deliveries, nor raise for anything that a server does.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import httpcore2
import httpx2
from standardwebhooks import Webhook

from responder.outgoing import FAULTS, fault_of, sent
from responder.public_network import Network, Refused

MOST_BYTES = 4 * 1024  # of the answer; what comes after is not read
TOLD_CHARACTERS = 500  # of it in the log
LONGEST_RETRY_AFTER_SECONDS = 6 * 3600.0


@dataclass(frozen=True)
class Answered:
    """What came back: a status, or the `fault` for which none did. `ok` only for 2xx."""

    status: int | None
    fault: str | None
    ms: int
    said: str = ""
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def post(network: Network, url: str, event_id: str, body: str, signers: Collection[str]) -> Answered:
    """Send the body once. `signers` are the secrets that sign it, one signature each (Standard Webhooks)."""
    begun = time.monotonic()
    try:
        headers = _signed(event_id, body, signers)
        with sent(network, "POST", httpx2.URL(url), headers, body.encode()) as response:
            return _answered(response, begun)
    except FAULTS as error:
        return Answered(None, sentence_of(error), _ms(begun))


def sentence_of(error: Exception) -> str:
    """Why nothing came back, of one of FAULTS."""
    why = fault_of(error)
    return f"Not sent: {why}." if isinstance(error, Refused) else f"{why[:1].upper()}{why[1:]}."


def _signed(event_id: str, body: str, signers: Collection[str]) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    now = datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, now, body) for secret in signers),
    }


def _answered(response: httpcore2.Response, begun: float) -> Answered:
    """The status counts, whatever follows it: an answer that breaks off or never ends has been given."""
    headers = {name.lower(): value for name, value in response.headers}
    said = _told(_beginning(response))
    fault = "Redirects are not followed." if 300 <= response.status < 400 else None
    return Answered(response.status, fault, _ms(begun), said, _seconds(headers.get(b"retry-after")))


def _beginning(response: httpcore2.Response) -> bytes:
    body = b""
    try:
        for part in response.iter_stream():
            body += part
            if len(body) >= MOST_BYTES:
                break
    except FAULTS:
        pass
    return body[:MOST_BYTES]


def _told(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    return "".join(one for one in text if one.isprintable() or one in "\n\t")[:TOLD_CHARACTERS]


def _seconds(header: bytes | None) -> float | None:
    if header is None or not header.isdigit() or len(header) > 9:
        return None
    return min(float(header), LONGEST_RETRY_AFTER_SECONDS)


def _ms(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
