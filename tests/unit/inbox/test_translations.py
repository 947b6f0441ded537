"""Every sentence of the pages has its words in every language, with the same values in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.language import LANGUAGES
from tests.translating import ERRORS, ROOT, SOURCES, compiled, missing, po_file, renewed, spoken

EACH = [(domain, language) for language in LANGUAGES[1:] for domain in SOURCES]
VALUE = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


@pytest.mark.parametrize(("domain", "language"), EACH)
def test_nothing_is_left_in_english(domain: str, language: str) -> None:
    assert len(spoken(domain)) > 1, "the sources are found at all"
    assert sorted(missing(domain, language)) == [], "translate them in inbox/translations, then `make translations`"


@pytest.mark.parametrize(("domain", "language"), EACH)
def test_a_translation_shows_the_same_values(domain: str, language: str) -> None:
    for message in renewed(domain, language):
        forms = [str(form) for form in (message.string if isinstance(message.string, tuple) else [message.string])]
        said = str(message.id if isinstance(message.id, str) else message.id[-1])
        for form in forms if message.id else ():
            assert set(VALUE.findall(form)) == set(VALUE.findall(said)), said


@pytest.mark.parametrize(("domain", "language"), EACH)
def test_what_is_compiled_is_what_was_written(domain: str, language: str) -> None:
    assert po_file(domain, language).with_suffix(".mo").read_bytes() == compiled(domain, language)


def _unmarked(file: Path) -> Iterator[str]:
    """The names that errors are given as their sentence, and that hold a plain one: nobody collects it from there."""
    tree = ast.parse(file.read_text())
    plain = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            given = node.args[0]
            if isinstance(given, ast.Name) and given.id in plain:
                yield f"{file.relative_to(ROOT)}: {given.id}"


def test_a_sentence_with_a_name_is_marked_for_translators() -> None:
    """`words = "..."; raise Invalid(words)` was shown in English to everybody. What the API alone says stays so."""
    files = [*(ROOT / "inbox").glob("*.py"), *(ROOT / "inbox/pages").glob("*.py")]
    assert [found for file in sorted(files) for found in _unmarked(file)] == []
