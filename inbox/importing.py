"""Snippets out of a Markdown or CSV file: sections with their lines, and what is wrong by line. Pure.

Owns both forms and their limits. Whatever the text holds, the answer is sections and problems, never an error.

Markdown: each heading, of any level, begins a snippet; the text up to the next one is its content. CSV: a header with
the columns `title` and `body` (or `content`), separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from markdown_it import MarkdownIt

from inbox.conversation import MOST_CHARACTERS, storable

MOST_FILE_BYTES = 240_000  # as a browser's form sends it; with the form's other fields below the largest body
MOST_SECTIONS = 500
MOST_TITLE = 200
MOST_PROBLEMS = 50

# Only the structure of blocks is read: text is kept as it was written, and nothing in it can cost much time.
BLOCKS = MarkdownIt("commonmark", {"maxNesting": 8})
BLOCKS.core.ruler.enableOnly(["normalize", "block"])

csv.field_size_limit(MOST_FILE_BYTES)


@dataclass(frozen=True)
class Section:
    """A snippet to be; `line` is where it begins in the file, counted from 1."""

    line: int
    title: str
    content: str


@dataclass(frozen=True)
class Problem:
    """What is wrong at a line, as a sentence whose `%(name)s` are filled from `filled`."""

    line: int
    sentence: str
    filled: Mapping[str, object] = field(default_factory=dict)


def read(text: str, *, name: str = "") -> tuple[list[Section], list[Problem]]:
    """The sections that can be imported, and a problem for each that cannot; `name` is the file's, if it has one."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode("utf-8", "replace")) + text.count("\n") > MOST_FILE_BYTES:
        return [], [Problem(1, "This is more than %(most)s kB. Import it in parts.", {"most": MOST_FILE_BYTES // 1000})]
    if not storable(text):
        line = next(number for number, line in enumerate(text.split("\n"), 1) if not storable(line))
        return [], [Problem(line, "There are characters here that cannot be stored. Is this a text file?")]
    found = list(_csv(text) if _is_csv(text, name) else _markdown(text))
    sections, problems = _checked(found)
    if not found:
        problems = [Problem(1, "There is no heading in it. Begin each snippet with a line such as “# Returns”.")]
    return sections, problems[:MOST_PROBLEMS]


def _is_csv(text: str, name: str) -> bool:
    if name.lower().endswith(".csv"):
        return True
    return not name.lower().endswith((".md", ".markdown")) and _columns(_first_row(text)) is not None


def _first_row(text: str) -> list[str]:
    line = next((line for line in text.split("\n") if line.strip()), "")
    return next(csv.reader([line], delimiter=_delimiter(line)), [])


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _columns(header: list[str]) -> tuple[int, int] | None:
    """Where title and body stand."""
    names = [name.strip().lower() for name in header]
    body = next((name for name in ("body", "content") if name in names), None)
    return (names.index("title"), names.index(body)) if "title" in names and body else None


def _csv(text: str) -> Iterator[Section | Problem]:
    header = _first_row(text)
    columns = _columns(header)
    if columns is None:
        yield Problem(1, "The first line must name the columns title and body.")
        return
    lines = csv.reader(io.StringIO(text), delimiter=_delimiter(next(line for line in text.split("\n") if line.strip())))
    begins, seen_header = 1, False
    try:
        for row in lines:
            if seen_header and any(cell.strip() for cell in row):
                short = len(row) <= max(columns)
                widths = {"here": len(row), "first": len(header)}
                yield (
                    Problem(begins, "There are %(here)s columns here, %(first)s in the first line.", widths)
                    if short
                    else Section(begins, row[columns[0]], row[columns[1]])
                )
            seen_header = seen_header or bool(row)
            begins = lines.line_num + 1
    except csv.Error as error:
        yield Problem(begins, "This cannot be read as CSV: %(why)s.", {"why": error})


def _markdown(text: str) -> Iterator[Section | Problem]:
    lines = text.split("\n")
    headings = [
        (token.map[0], token.map[1], inline.content)
        for token, inline in pairwise(BLOCKS.parse(text))
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    begins = [start for start, _, _ in headings] + [len(lines)]
    if headings and any(line.strip() for line in lines[: begins[0]]):
        yield Problem(1, "The text before the first heading belongs to no snippet.")
    for (start, end, title), following in zip(headings, begins[1:], strict=True):
        yield Section(start + 1, title, "\n".join(lines[end:following]))


def _checked(found: list[Section | Problem]) -> tuple[list[Section], list[Problem]]:
    sections: list[Section] = []
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for one in found:
        if isinstance(one, Problem):
            problems.append(one)
            continue
        section = Section(one.line, " ".join(one.title.split()), one.content.strip())
        wrong = _wrong(section, lines, len(sections))
        if wrong:
            problems.append(wrong)
        else:
            sections.append(section)
            lines[section.title.lower()] = section.line
    return sections, problems


def _wrong(section: Section, lines: dict[str, int], already: int) -> Problem | None:
    line, title = section.line, section.title
    if not title:
        return Problem(line, "There is no title.")
    if len(title) > MOST_TITLE:
        return Problem(line, "The title is longer than %(most)s characters.", {"most": MOST_TITLE})
    if not section.content:
        return Problem(line, "There is no text under “%(title)s”.", {"title": title})
    if len(section.content) > MOST_CHARACTERS:
        filled = {"title": title, "most": f"{MOST_CHARACTERS:,}"}
        return Problem(line, "The text of “%(title)s” is longer than %(most)s characters.", filled)
    if title.lower() in lines:
        filled = {"title": title, "line": str(lines[title.lower()])}
        return Problem(line, "“%(title)s” was there already, at line %(line)s.", filled)
    if already >= MOST_SECTIONS:
        filled = {"most": str(MOST_SECTIONS)}
        return Problem(
            line, "At most %(most)s snippets are imported at once; the rest from here on was left out.", filled
        )
    return None
