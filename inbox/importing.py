"""Snippets out of a Markdown or CSV file: sections with their lines, and what is wrong by line. Pure.

Owns both forms and their limits. Whatever the text holds, the answer is sections and problems, never an error.

Markdown: each heading, of any level, begins a snippet; the text up to the next one is its content. CSV: a header with
the columns `title` and `body` (or `content`), separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
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
    """What is wrong at a line, as a sentence."""

    line: int
    words: str


def read(text: str, *, name: str = "") -> tuple[list[Section], list[Problem]]:
    """The sections that can be imported, and a problem for each that cannot; `name` is the file's, if it has one."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode("utf-8", "replace")) + text.count("\n") > MOST_FILE_BYTES:
        return [], [Problem(1, f"This is more than {MOST_FILE_BYTES // 1000} kB. Import it in parts.")]
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
                words = f"There are {len(row)} columns here, {len(header)} in the first line."
                yield Problem(begins, words) if short else Section(begins, row[columns[0]], row[columns[1]])
            seen_header = seen_header or bool(row)
            begins = lines.line_num + 1
    except csv.Error as error:
        yield Problem(begins, f"This cannot be read as CSV: {error}.")


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
            problems.append(Problem(one.line, wrong))
        else:
            sections.append(section)
            lines[section.title.lower()] = section.line
    return sections, problems


def _wrong(section: Section, lines: dict[str, int], already: int) -> str | None:
    if not section.title:
        return "There is no title."
    if len(section.title) > MOST_TITLE:
        return f"The title is longer than {MOST_TITLE} characters."
    if not section.content:
        return f"There is no text under “{section.title}”."
    if len(section.content) > MOST_CHARACTERS:
        return f"The text of “{section.title}” is longer than {MOST_CHARACTERS:,} characters."
    if section.title.lower() in lines:
        return f"“{section.title}” was there already, at line {lines[section.title.lower()]}."
    if already >= MOST_SECTIONS:
        return f"At most {MOST_SECTIONS} snippets are imported at once; the rest from here on was left out."
    return None
