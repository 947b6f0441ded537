"""Which pages may have a widget."""

from __future__ import annotations

import pytest

from inbox.origins import allows, frame_ancestors, misread, names_of, origin


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("https://Shop.example/", "https://shop.example"),
        (" http://localhost:3000", "http://localhost:3000"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_forms(typed: str, stored: str) -> None:
    assert origin(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "*",
        "shop.example",
        "https://",
        "https://a b",
        "https://shop.example/x",
        "javascript://x",
        "https://*",
        "'none'",
    ],
)
def test_what_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        origin(typed)
    assert misread(["https://shop.example", typed]) == [typed]


def test_who_may() -> None:
    assert allows([], "null")
    assert allows(["https://shop.example"], "https://shop.example")
    assert not allows(["https://shop.example"], "http://shop.example")
    assert not allows(["https://shop.example"], "https://shop.example:444")
    assert allows(["https://*.shop.example"], "https://a.b.shop.example")
    assert not allows(["https://*.shop.example"], "https://shop.example")
    assert not allows(["https://*.shop.example"], "https://evilshop.example")
    assert not allows(["https://*.shop.example"], "null")


def test_the_names_that_allow_an_origin() -> None:
    assert names_of("https://a.shop.example:81") == [
        "https://a.shop.example:81",
        "https://*.shop.example:81",
        "https://*.example:81",
    ]
    assert names_of("https://*.example") == []
    assert frame_ancestors(["https://shop.example"]) == "'self' https://shop.example"
