"""What whoever runs Tandem can do about a model that does not answer, from what its server said.

Owns the advice. What the server said is shown beside it, as it is: responder/endpoint.py has kept the key out of it.
"""

from __future__ import annotations

import re

from inbox.saying import later, said

STATUS = re.compile(r"Error code: (\d{3})")
BY_STATUS = {
    "401": later("Its key is not accepted: set OPENAI_API_KEY anew and restart Tandem."),
    "403": later("Its key may not do this: look at OPENAI_API_KEY and what the account allows."),
    "404": later("The server knows no such model or address: look at TANDEM_MODEL and OPENAI_BASE_URL."),
    "429": later("The server takes no more calls now: look at the account’s limits and its bill."),
}
OTHERWISE = later("Look whether the model’s server runs, and whether OPENAI_BASE_URL leads there.")


def advice(detail: str) -> str:
    """What to do, in the reader's language."""
    status = STATUS.search(detail)
    return said(BY_STATUS.get(status.group(1), OTHERWISE) if status else OTHERWISE)
