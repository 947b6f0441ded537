"""What people wrote, as HTML that is safe to show."""

from __future__ import annotations

import pytest

from inbox.pages.words import marked, rendered


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\n\nTwo\nlines", "<p>One</p><p>Two<br>lines</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        (
            "So:\n```py\nif x:\n    <b>\n\n    y()\n```\nOK?",
            "<p>So:</p><pre>if x:\n    &lt;b&gt;\n\n    y()</pre><p>OK?</p>",
        ),
        ("``` no fence", "<p>``` no fence</p>"),
        ("```\nhttps://example.com\n```", "<pre>https://example.com</pre>"),
    ],
)
def test_what_it_looks_like(text: str, html: str) -> None:
    assert rendered(text) == html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Parkas <run> small", "<mark>Parka</mark>s &lt;run&gt; small"),
        (
            "Order number 150 came without its pockets, and the parka is torn",
            "…and the <mark>parka</mark> is torn",
        ),
    ],
)
def test_a_row_shows_what_was_found(text: str, shown: str) -> None:
    assert marked(text, ("parka",), 120) == shown
