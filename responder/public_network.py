"""Connections to public addresses, and to private networks that whoever runs Tandem names: the door through which
every webhook and every call of a project's HTTP tool goes out.

Owns which addresses may be reached, and the time that one call may take. The address that is judged is the very one
that is connected to: a name that resolves to something else a moment later gains nothing
(tests/unit/responder/test_public_network.py::test_a_name_that_changes_its_mind).
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from queue import Empty, Queue
from typing import Any

import httpcore2

Range = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]  # host and port to addresses, the preferred one first
MOST_ADDRESSES_TRIED = 3
MOST_LOOKUPS = 32  # names being resolved at once: a lookup cannot be interrupted, so one that hangs holds a thread

# The only part of IPv6 that is given out for global unicast. All else is refused with it: mapped (::ffff:0:0/96),
# translated (64:ff9b::/96), local, link-local and multicast addresses, and whatever is yet to be assigned.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Ranges that ipaddress, depending on its version, calls global, and behind which another address is hidden or none.
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.175.48.0/24", "198.18.0.0/15", "224.0.0.0/3",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip


class Refused(Exception):
    """The address may not be reached; the message says so without naming the address."""


class OutOfTime(Exception):
    """The call took longer than it may."""


def is_public(address: str) -> bool:
    """Whether the address is a public unicast one, reachable over the internet by itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if parsed.version == 6 and (parsed not in GLOBAL_UNICAST or getattr(parsed, "scope_id", None)):
        return False
    if any(parsed.version == network.version and parsed in network for network in NEVER):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)


def _is_within(address: str, networks: Collection[Range]) -> bool:
    """Whether it is in one of them, as it is written: an address inside another one (::ffff:10.0.0.1) is not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def resolve(host: str, port: int) -> Sequence[str]:
    """The operating system's addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@dataclass(frozen=True)
class Network:
    """How names are resolved and which addresses may be reached. Tests put in their own; nothing else does."""

    resolver: Resolver = resolve
    allowed: Callable[[str], bool] = is_public

    @classmethod
    def reaching(cls, private: Collection[Range]) -> Network:
        """Public addresses, and those in the private networks that are named. No name: nothing private."""
        return cls(allowed=lambda address: is_public(address) or _is_within(address, private))

    def bars(self, host: str) -> bool:
        """Whether the host is an address that may not be reached, or this machine's own name.

        Whether another name leads to such an address only a call can tell.
        """
        named = host.lower().rstrip(".").removeprefix("[").removesuffix("]")
        address = "127.0.0.1" if named == "localhost" or named.endswith(".localhost") else named
        return _is_address(address) and not self.allowed(address)

    def pool(self, seconds: float) -> httpcore2.ConnectionPool:
        """Connections for one call, which ends `seconds` from now: no proxy, no second connection, no reuse."""
        door = _Door(self, time.monotonic() + seconds)
        return httpcore2.ConnectionPool(
            ssl_context=_trust(), network_backend=door, max_connections=1, max_keepalive_connections=0
        )


@cache
def _trust() -> ssl.SSLContext:
    """Whom to trust, read once for each process: reading it costs 25 ms, more than the rest of a call."""
    return httpcore2.default_ssl_context()


_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


class _Door(httpcore2.NetworkBackend):
    """Resolves, judges, connects to what it judged, and lets nothing outlast the deadline."""

    def __init__(self, network: Network, deadline: float) -> None:
        self._network = network
        self._deadline = deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A stream to a public address of the host. Raises Refused if it has another one, and OutOfTime."""
        addresses = self._resolved(host, port)
        if not addresses or not all(self._network.allowed(address) for address in addresses):
            raise Refused("its host has no public address")
        fault: Exception = Refused("its host has no public address")
        for address in addresses[:MOST_ADDRESSES_TRIED]:
            try:
                stream = self._plain.connect_tcp(address, port, left(self._deadline), None, socket_options)
            except httpcore2.ConnectError as error:
                fault = error
                continue
            return _Limited(stream, self._deadline)
        raise fault

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        """Never."""
        raise Refused("only internet addresses are called")

    def _resolved(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses, looked up beside this thread, because a lookup has no time limit of its own."""
        answer: Queue[Sequence[str] | OSError | ValueError] = Queue(1)

        def look_up() -> None:
            try:
                answer.put(self._network.resolver(host, port))
            except (OSError, ValueError) as error:
                answer.put(error)
            finally:
                _lookups.release()

        if not _lookups.acquire(timeout=left(self._deadline)):
            raise OutOfTime
        threading.Thread(target=look_up, name="tool lookup", daemon=True).start()
        try:
            found = answer.get(timeout=left(self._deadline))
        except Empty:
            raise OutOfTime from None
        if isinstance(found, Exception):
            raise Refused("its host is not known") from found
        return found


class _Limited(httpcore2.NetworkStream):
    """A stream whose every wait ends at the deadline, so that one that drips cannot go on for ever."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, left(self._deadline))
        return _Limited(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def left(deadline: float) -> float:
    """Seconds until the deadline. Raises OutOfTime where there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise OutOfTime
    return seconds
