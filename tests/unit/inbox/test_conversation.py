"""Values of a conversation: snippets and what can be stored."""

from __future__ import annotations

import pytest

from inbox.conversation import snippet_of, storable


@pytest.mark.parametrize(
    ("content", "snippet"),
    [
        ("Hello", "Hello"),
        ("  a\n\tb \u00a0 c\r\n", "a b c"),
        ("x" * 140, "x" * 140),
        ("x" * 141, "x" * 139 + "…"),
        ("é" * 139 + "  yz", "é" * 139 + "…"),
        ("🎉" * 200, "🎉" * 139 + "…"),
    ],
)
def test_snippet(content: str, snippet: str) -> None:
    assert snippet_of(content) == snippet
    assert len(snippet_of(content)) <= 140


@pytest.mark.parametrize(
    ("text", "fits"), [("a", True), ("", True), ("🎉\u202e", True), ("\x00", False), ("\udfff", False)]
)
def test_storable(text: str, fits: bool) -> None:
    assert storable(text) is fits
