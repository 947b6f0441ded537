"""What is typed into the search field, and what it means."""

from __future__ import annotations

from datetime import date

import pytest

from inbox import search
from inbox.search import Search


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Search()),
        (None, Search()),
        ("  refund   parcel ", Search(terms=("refund", "parcel"))),
        ('"two words" three', Search(terms=("two words", "three"))),
        ("from:leila late", Search(terms=("late",), senders=("leila",))),
        ('from:"Leila Haddad"', Search(senders=("Leila Haddad",))),
        ("assignee:me Assignee:none", Search(assignees=("me", "none"))),
        ("status:Open status:solved", Search(statuses=("open", "solved"))),
        ("priority:high label:vip label:de", Search(priorities=("high",), labels=("vip", "de"))),
        ("before:2026-02-01 reason:asked", Search(before=date(2026, 2, 1), reasons=("asked",))),
        # What makes no sense is words, as they were typed.
        ("status:closed", Search(terms=("status:closed",))),
        ("before:yesterday", Search(terms=("before:yesterday",))),
        ("before:", Search(terms=("before:",))),
        ("https://example.com/a", Search(terms=("https://example.com/a",))),
        ('from:""', Search(terms=('from:""',))),
        ('"', Search(terms=('"',))),
    ],
)
def test_what_is_meant(typed: str | None, meant: Search) -> None:
    assert search.parse(typed) == meant


def test_what_was_no_operator_is_told() -> None:
    typed = "status:closed Before:yesterday status:open https://example.com/a priority label:status refund"
    assert search.misread(search.parse(typed)) == ("status:closed", "Before:yesterday")


def test_no_end_of_terms() -> None:
    assert len(search.parse("a " * 500).terms) == search.MOST_TERMS
    assert search.parse("x" * 5000).terms == ("x" * search.MOST_CHARACTERS,)


def test_nothing_typed_is_syntax() -> None:
    assert search.text_query(("it's", "a\\b", "x:*|!y")) == "'it s':* & 'a b':* & 'x    y':*"
    assert search.name_pattern("50%_") == "%50\\%\\_%"
    assert search.name_pattern("An") == "An%"
