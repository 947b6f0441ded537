"""Only public addresses are reached, and the one that is judged is the one that is connected to."""

from __future__ import annotations

import socket
import threading
import time
from ipaddress import ip_network

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.public_network import Network, OutOfTime, Refused, is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.8.8.8", "169.254.169.254",
        "172.16.0.1", "172.31.9.9", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.1.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:db8::1", "2002:7f00:1::",
        "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0",
        "fec0::1", "ff02::1", "ff0e::1", "localhost", "8.8.8", "0x7f000001", "2130706433", "",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "151.101.1.69", "2606:4700:4700::1111", "2a00:1450::1"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("host", "private", "barred"),
    [
        ("localhost", "10.0.0.0/8", True), ("api.localhost", "10.0.0.0/8", True), ("LOCALHOST.", "10.0.0.0/8", True),
        ("127.0.0.1", "10.0.0.0/8", True), ("192.168.1.9", "10.0.0.0/8", True), ("[::1]", "10.0.0.0/8", True),
        ("localhost", "127.0.0.0/8", False), ("10.1.2.3", "10.0.0.0/8", False), ("8.8.8.8", "10.0.0.0/8", False),
        ("shop.example", "10.0.0.0/8", False), ("intranet", "10.0.0.0/8", False), ("", "10.0.0.0/8", False),
    ],
)  # fmt: skip
def test_what_is_barred_by_its_name_alone(host: str, private: str, barred: bool) -> None:
    assert Network.reaching([ip_network(private)]).bars(host) == barred


@given(st.ip_addresses(v=4).map(str))
def test_no_way_of_writing_an_address_into_ipv6_opens_it(address: str) -> None:
    for form in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}", f"::ffff:0:{address}"):
        assert not is_public(form)


def test_named_networks_are_reached_and_no_others() -> None:
    allowed = Network.reaching([ip_network("10.20.0.0/16"), ip_network("fd12::/32")]).allowed
    assert [one for one in ("10.20.1.1", "fd12::1", "8.8.8.8") if not allowed(one)] == []
    hidden = ["10.21.0.1", "127.0.0.1", "::ffff:10.20.1.1", "64:ff9b::10.20.1.1", "fd13::1", "nonsense"]
    assert [one for one in hidden if allowed(one)] == []


class Listener:
    """A server on this machine that counts who came."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.socket.settimeout(0.2)

    def came(self) -> bool:
        """Whether somebody has connected."""
        try:
            self.socket.accept()[0].close()
        except TimeoutError:
            return False
        return True


def fetch(network: Network, port: int, seconds: float = 3, host: str = "api.example.com") -> None:
    with network.pool(seconds) as pool:
        pool.request("GET", f"http://{host}:{port}/", headers=[(b"Host", b"x")])


def test_this_machine_is_not_reached() -> None:
    """Broken: without the judgement the listener is reached, as the second half shows."""
    listener = Listener()
    with pytest.raises(Refused):
        fetch(Network(lambda host, port: ["127.0.0.1"]), listener.port)
    with pytest.raises(Refused):
        fetch(Network(), listener.port, host="localhost")
    with pytest.raises(Refused):
        fetch(Network(), listener.port, host="127.0.0.1")
    assert not listener.came()
    open_door = Network(lambda host, port: ["127.0.0.1"], lambda address: True)
    with pytest.raises((OutOfTime, httpcore2.TimeoutException)):
        fetch(open_door, listener.port, 1)
    assert listener.came()


def test_one_private_address_among_public_ones_refuses_all() -> None:
    listener = Listener()
    with pytest.raises(Refused):
        fetch(Network(lambda host, port: ["8.8.8.8", "127.0.0.1"]), listener.port)
    assert not listener.came()


def test_a_name_that_changes_its_mind() -> None:
    """The name is asked once: what it says later, or says to somebody else, does not matter."""
    listener = Listener()
    answers = [["127.0.0.1"], ["203.0.113.9"]]
    judged: list[str] = []

    def allowed(address: str) -> bool:
        judged.append(address)
        return True

    with pytest.raises((OutOfTime, httpcore2.TimeoutException)):
        fetch(Network(lambda host, port: answers.pop(0), allowed), listener.port, 1)
    assert listener.came()
    assert (judged, answers) == (["127.0.0.1"], [["203.0.113.9"]])


def test_a_lookup_that_hangs_ends_in_time() -> None:
    over = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        over.wait(60)
        return ["8.8.8.8"]

    began = time.monotonic()
    with pytest.raises(OutOfTime):
        fetch(Network(hangs), 80, 0.3)
    over.set()
    assert time.monotonic() - began < 30


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener()
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    with pytest.raises(Refused):
        fetch(Network(lambda host, port: ["10.0.0.1"]), 80)
    assert not listener.came()
