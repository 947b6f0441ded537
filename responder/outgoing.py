"""One request to an address that a project has given, a webhook's or a tool's, and why no answer came of it.

Owns what such a request says of us, how long it may take, and the faults in words. Which addresses may be reached is
public_network.py's; what an answer means is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpcore2
import httpx2

from responder.public_network import Network, OutOfTime, Refused

CALL_SECONDS = 10.0  # for all of a call, from the name's lookup to the last byte that is read
OURS = {"Accept-Encoding": "identity", "User-Agent": "Tandem", "Connection": "close"}
LATE = (OutOfTime, httpcore2.TimeoutException)
CUT_OFF = (httpcore2.ConnectError, httpcore2.NetworkError)
NO_HTTP = (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, httpx2.InvalidURL, ValueError, OSError)
FAULTS = (Refused, *LATE, *CUT_OFF, *NO_HTTP)  # all that sending and reading raise


@contextmanager
def sent(
    network: Network, method: str, url: httpx2.URL, headers: Mapping[str, str], content: bytes | None = None
) -> Iterator[httpcore2.Response]:
    """The answer to one request, read while the block lasts. Sending it and reading raise FAULTS."""
    length = {} if content is None else {"Content-Type": "application/json", "Content-Length": str(len(content))}
    said = {"Host": url.netloc.decode("ascii"), **OURS, **length, **headers}
    asked = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    encoded = [(name.encode("ascii"), value.encode("ascii")) for name, value in said.items()]
    with network.pool(CALL_SECONDS) as pool, pool.stream(method, asked, headers=encoded, content=content) as response:
        yield response


def fault_of(error: Exception) -> str:
    """Why a call came to nothing, of one of FAULTS, as the end of a sentence. Holds no address."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, LATE):
        return f"it did not answer within {CALL_SECONDS:g} seconds"
    if isinstance(error, CUT_OFF):
        return "its server could not be reached"
    return "its server did not answer as HTTP has it"
