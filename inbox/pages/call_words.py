"""Why a call of a webhook or a tool came to nothing, in the reader's language; such calls keep it in English.

Owns the sentences that are known: tests/unit/inbox/test_call_words.py. Any other is shown as it is.
"""

from __future__ import annotations

import re

from inbox.saying import later, said

NUMBER = re.compile(r"\d+")
# Of webhooks (jobs/posting.py), then of tools (responder/http_tools.py), whose end is put behind "It failed:"; of both
# (responder/outgoing.py).
BARRED = frozenset({later("Not sent: its host has no public address."), later("its host has no public address")})
KNOWN = BARRED | frozenset(
    {
        later("It did not answer within %(number)s seconds."),
        later("Not sent: its host is not known."),
        later("Not sent: its secret cannot be read any more. Rotate it."),
        later("Its server could not be reached."),
        later("Its server did not answer as HTTP has it."),
        later("Redirects are not followed."),
        later("it did not answer within %(number)s seconds"),
        later("its host is not known"),
        later("its host is not on the project's list of hosts"),
        later("its server could not be reached"),
        later("its server did not answer as HTTP has it"),
        later("its server answered %(number)s"),
        later("its server answered %(number)s: redirects are not followed"),
        later("its secret cannot be read any more; a manager must enter it again"),
        later("its answer is larger than %(number)s KiB"),
        later("the project has no such tool any more"),
    }
)


def is_barred(fault: str | None) -> bool:
    """Whether the call was never made, for where its address leads."""
    return fault in BARRED


def of_call(fault: str) -> str:
    """The fault as a page says it."""
    number = NUMBER.search(fault)
    if number and (sentence := NUMBER.sub("%(number)s", fault, count=1)) in KNOWN:
        return said(sentence, number=number.group())
    return said(fault) if fault in KNOWN else fault
