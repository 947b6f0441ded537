"""Comments and docstrings name the test that fails without the guard they stand at: every such test is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WHERE = ("app.py", "commands", "inbox", "jobs", "responder", "README.md", "Makefile", "static", "templates")
KINDS = {".py", ".sql", ".md", ".html", ".js", ".css", ""}
# A file of tests, perhaps with ::name, and perhaps with more names of the same file behind it: `, ::other`
NAMED = re.compile(r"(tests/[\w/]+\.py)((?:(?:, )?::\w+)*)")


def texts() -> Iterator[tuple[Path, str]]:
    for name in WHERE:
        path = ROOT / name
        for one in [path] if path.is_file() else path.rglob("*"):
            if one.is_file() and one.suffix in KINDS and "vendor" not in one.parts:
                yield one, one.read_text()


def named(text: str) -> Iterator[tuple[str, str | None]]:
    """(file, test or None) of every test that the text names; a name may stand on the line after its file's."""
    for match in NAMED.finditer(re.sub(r"\n\s*(?:#|--)?\s*(?=::)", " ", text)):
        tests = [name for name in re.split(r",? ?::", match.group(2)) if name]
        yield from ((match.group(1), name) for name in tests or [None])


def missing(text: str) -> Iterator[str]:
    for file, test in named(text):
        path = ROOT / file
        if not path.is_file():
            yield file
        elif test and not re.search(rf"^\s*(?:def|class) {test}\b", path.read_text(), re.MULTILINE):
            yield f"{file}::{test}"


def test_every_named_test_is_there() -> None:
    wrong = [f"{path.relative_to(ROOT)} names {one}" for path, text in texts() for one in missing(text)]
    assert not wrong, "\n".join(wrong)


def test_some_are_named() -> None:
    files = {file for _, text in texts() for file, _ in named(text)}
    assert len(files) > 15


def test_a_missing_one_is_found() -> None:
    folder = "tests/unit"
    there, gone = f"{folder}/test_arrows.py", f"{folder}/test_nothing.py"
    assert list(missing(f"See {there}::test_packages_import_along_the_arrows.")) == []
    assert list(missing(f"{there}::test_gone, ::test_gone_too and {gone}")) == [
        f"{there}::test_gone", f"{there}::test_gone_too", gone,
    ]  # fmt: skip
