"""Which addresses are told to others with the word that they cannot reach them."""

from __future__ import annotations

import pytest
from flask import Flask

from inbox.pages.reached import reached_from_here_alone


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1:8000", True),
        ("127.8.8.8", True),
        ("localhost:8000", True),
        ("shop.localhost", True),
        ("[::1]:8000", True),
        ("support.example", False),
        ("192.168.1.7:8000", False),
        ("[2001:db8::7]", False),
        ("localhost.example:443", False),
    ],
)
def test_who_reaches_it(host: str, alone: bool) -> None:
    with Flask("any").test_request_context("/", headers={"Host": host}):
        assert reached_from_here_alone() == alone
