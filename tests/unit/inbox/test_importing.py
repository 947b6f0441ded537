"""Snippets out of files: what is a section, what is a problem and at which line, whatever the text holds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.conversation import MOST_CHARACTERS, storable
from inbox.importing import MOST_FILE_BYTES, MOST_PROBLEMS, MOST_SECTIONS, Section, read
from inbox.saying import english

MARKDOWN = """\
# Returns
Within 30 days.

With *receipt*.
## Shipping ##
Free from 50 €.

Opening hours
=============
```
# no heading, but code
```
"""


def test_each_heading_begins_a_snippet() -> None:
    assert read(MARKDOWN) == (
        [
            Section(1, "Returns", "Within 30 days.\n\nWith *receipt*."),
            Section(5, "Shipping", "Free from 50 €."),
            Section(8, "Opening hours", "```\n# no heading, but code\n```"),
        ],
        [],
    )
    assert read("\ufeff" + MARKDOWN.replace("\n", "\r\n")) == read(MARKDOWN)


@pytest.mark.parametrize(
    ("header", "row"), [("title,body", "A,b"), ("Title ; Content", "A;b"), ("body\ttitle\tmore", "b\tA\tx")]
)
def test_csv(header: str, row: str) -> None:
    assert read(f"{header}\n{row}\n") == ([Section(2, "A", "b")], [])


def test_csv_cells_of_several_lines() -> None:
    text = 'title,body\n\nA,"one, ""two""\nthree"\nB,four\n'
    assert read(text) == ([Section(3, "A", 'one, "two"\nthree'), Section(5, "B", "four")], [])


@pytest.mark.parametrize(
    ("text", "name", "line", "words"),
    [
        ("before\n# A\nb", "", 1, "before the first heading"),
        ("# A\n\n# B\nc", "", 1, "no text under “A”"),
        ("# A\nb\n# a\nc", "", 3, "there already, at line 1"),
        ("#\nb", "", 1, "no title"),
        ("# " + "x" * 201 + "\nb", "", 1, "longer than 200"),
        ("# A\n" + "x" * (MOST_CHARACTERS + 1), "", 1, "longer than 10,000"),
        ("# A\nb\nc\x00", "", 3, "cannot be stored"),
        ("nothing", "", 1, "no heading"),
        ("", "", 1, "no heading"),
        ("title,text\nA,b", "a.csv", 1, "columns title and body"),
        ("", "a.csv", 1, "columns title and body"),
        ("title,body\nA\nB,c", "a.csv", 2, "1 columns here, 2 in the first line"),
        ("title,body\n,b", "a.csv", 2, "no title"),
        ("x" * (MOST_FILE_BYTES + 1), "", 1, "more than 240 kB"),
    ],
)
def test_problems(text: str, name: str, line: int, words: str) -> None:
    _, problems = read(text, name=name)
    assert problems[0].line == line
    assert words in english(problems[0].sentence, **problems[0].filled)


def test_what_is_wrong_does_not_stop_the_rest() -> None:
    sections, problems = read("# A\nb\n# A\nc\n# D\ne")
    assert [section.title for section in sections] == ["A", "D"]
    assert [problem.line for problem in problems] == [3]


def test_limits() -> None:
    sections, problems = read("".join(f"# {n}\nx\n" for n in range(MOST_SECTIONS + 200)))
    assert (len(sections), len(problems)) == (MOST_SECTIONS, MOST_PROBLEMS)


@pytest.mark.parametrize(
    "piece",
    ["# a\n", ">", "- ", "[", "```\n", '"', "*", "<div>\n", "[a]: b\n", "> - ", "1. ", "title,body\n", ",\n", "\t"],
)
def test_hostile_texts_cost_little(piece: str) -> None:
    text = (piece * MOST_FILE_BYTES)[:MOST_FILE_BYTES]
    begun = time.process_time()
    for name in ("a.md", "a.csv"):
        read(text, name=name)
    assert time.process_time() - begun < 10


@settings(max_examples=300)
@given(
    st.text(alphabet=st.sampled_from("#abA =-`>\n\r\t\"',;\x00\x0b\u2028\ufeffé"), max_size=200),
    st.sampled_from(["", "x.md", "x.csv"]),
)
def test_whatever_the_text_holds(text: str, name: str) -> None:
    """Never an error; titles are one line, unlike each other, and all can be stored."""
    sections, problems = read(text, name=name)
    assert sections or problems or name == "x.csv"
    titles = [section.title.lower() for section in sections]
    assert len(set(titles)) == len(titles)
    for section in sections:
        assert section.title == " ".join(section.title.split())
        assert section.content.strip() == section.content != ""
        assert storable(section.title + section.content)
        assert 1 <= section.line <= text.count("\n") + text.count("\r") + 1
