"""Connections lent one for each call, over a network that answers from a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2
import pytest

from responder import connections
from responder.connections import lending

ANSWER = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"Hm"]
LAST = [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n", b"Hm"]
CUT = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", b"H", b""]
URL = "http://model.invalid/v1"


class Network(httpcore2.NetworkBackend):
    """Counts the connections that are made and those that are open."""

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = answers
        self.streams: list[Stream] = []

    @property
    def open(self) -> int:
        return sum(not stream.closed for stream in self.streams)

    def connect_tcp(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        self.streams.append(Stream(self._answers * 3))
        return self.streams[-1]


class Stream(httpcore2.MockStream):
    closed = False
    readable = False

    def close(self) -> None:
        self.closed = True
        super().close()

    def get_extra_info(self, info: str) -> Any:
        return self.readable if info == "is_readable" else super().get_extra_info(info)


def opened(answers: Iterable[bytes]) -> tuple[httpx2.Client, Network]:
    client, network = httpx2.Client(), Network(list(answers))
    pool: Any = client._transport
    pool._pool._network_backend = network
    return lending(client), network


def test_a_call_after_another_takes_its_connection() -> None:
    client, network = opened(ANSWER)
    assert [client.get(URL).text for _ in range(3)] == ["Hm"] * 3
    assert len(network.streams) == 1


def test_calls_that_wait_together_have_one_each() -> None:
    client, network = opened(ANSWER)
    with client.stream("GET", URL) as one, client.stream("GET", URL) as other:
        assert len(network.streams) == 2
        assert one.read() == other.read() == b"Hm"
    client.get(URL)
    assert (len(network.streams), network.open) == (2, 2)


@pytest.mark.parametrize("answers", [LAST, CUT])
def test_a_connection_that_ended_is_not_taken_again(answers: list[bytes]) -> None:
    client, network = opened(answers)
    for _ in range(2):
        try:
            client.get(URL)
        except httpx2.RemoteProtocolError:
            assert answers is CUT
    assert (len(network.streams), network.open) == (2, 0)


def test_one_that_the_server_has_closed_while_idle_is_replaced() -> None:
    client, network = opened(ANSWER)
    client.get(URL)
    network.streams[0].readable = True
    assert client.get(URL).text == "Hm"
    assert (len(network.streams), network.open) == (2, 1)


def test_a_call_that_is_left_half_read_closes_its_connection() -> None:
    client, network = opened(ANSWER)
    with client.stream("GET", URL):
        pass
    assert (len(network.streams), network.open) == (1, 0)


def test_what_a_rush_leaves_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_IDLE", 2)
    client, network = opened(ANSWER)
    rush = [client.send(client.build_request("GET", URL), stream=True) for _ in range(5)]
    for one in rush:
        one.read()
        one.close()
    assert (len(network.streams), network.open) == (5, 2)


def test_a_proxy_of_the_environment_is_still_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:8080")
    client = lending(httpx2.Client())
    asked: list[str] = []

    def connect(host: str, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        asked.append(host)
        return Stream(ANSWER)

    for transport in client._mounts.values():
        monkeypatch.setattr(transport._pool._pool._network_backend, "connect_tcp", connect)  # type: ignore[union-attr]
    assert client.get(URL).text == "Hm"
    assert asked == ["proxy.invalid"]
