"""`make translations`: what pages and scripts say, collected for translators, and what they wrote, compiled.

Owns the two catalogues of each language in inbox/translations: `messages` (templates and Python) and `scripts` (the
browser's). tests/unit/inbox/test_translations.py fails while one is behind the code or a sentence lacks its words.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from inbox import errors
from inbox.language import LANGUAGES, TRANSLATIONS

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {
    "messages": [("inbox", "**.py", "python"), ("templates", "**.html", "jinja2")],
    "scripts": [("static/js", "**.js", "javascript")],
}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "said": None, "later": None}
ERRORS: dict[str, Any] = {
    name: None for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.InboxError)
}
RAISED = {**ERRORS, "Problem": (2,), "Fault": None}  # a problem's sentence stands behind its code, or behind its line
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # a file that only its words change
OPTIONS = {"**.html": {"silent": "false"}}


def spoken(domain: str) -> Catalog:
    """Everything that the code says, untranslated, in the order of the words."""
    catalog = Catalog()
    for folder, pattern, method in SOURCES[domain]:
        _add(catalog, ROOT / folder, pattern, method, KEYWORDS)
    if domain == "messages":
        # Warned of are sentences that name a field, which are for programs: pages speak at the field itself.
        with contextlib.redirect_stderr(io.StringIO()):
            for folder in ("inbox", "inbox/pages", "responder"):
                _add(catalog, ROOT / folder, "*.py", "python", RAISED)
        catalog.add(errors.NotFound().sentence)
    return catalog


def _add(catalog: Catalog, folder: Path, pattern: str, method: str, keywords: dict[str, Any]) -> None:
    for _file, _line, message, comments, context in extract_from_dir(
        str(folder), [(pattern, method)], OPTIONS, keywords
    ):
        catalog.add(message, auto_comments=comments, context=context)


def translated(domain: str, language: str) -> Catalog:
    """The language's catalogue as it is on disk."""
    path = po_file(domain, language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def renewed(domain: str, language: str) -> Catalog:
    """All that the code says, with the words that translators gave already; what is said no more is dropped."""
    have = translated(domain, language)
    renewed = Catalog(locale=language, domain=domain, header_comment="", creation_date=NEVER, revision_date=NEVER)
    for message in spoken(domain):
        if message.id:
            known = have.get(message.id, message.context)
            renewed.add(message.id, _words(known.string if known else ""), context=message.context)
    return renewed


def missing(domain: str, language: str) -> Iterator[str]:
    """The sentences that have no words in the language yet."""
    for message in renewed(domain, language):
        if message.id and not _words(message.string):
            yield message.id if isinstance(message.id, str) else message.id[0]


def compiled(domain: str, language: str) -> bytes:
    """The .mo file of what is on disk."""
    out = io.BytesIO()
    write_mo(out, renewed(domain, language))
    return out.getvalue()


def po_file(domain: str, language: str) -> Path:
    """Where translators write."""
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"


def _words(string: object) -> str | tuple[str, ...]:
    """A translation; one of several forms is empty as long as any of them is."""
    if isinstance(string, list | tuple):
        return tuple(string) if string and all(string) else ""
    return str(string or "")


def main() -> None:
    """Renew every catalogue and say what is missing."""
    for language in LANGUAGES[1:]:
        for domain in SOURCES:
            path = po_file(domain, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            out = io.BytesIO()
            write_po(out, renewed(domain, language), sort_output=True, no_location=True, omit_header=True, width=0)
            path.write_bytes(HEADER.format(language=language).encode() + out.getvalue())
            path.with_suffix(".mo").write_bytes(compiled(domain, language))
            print(f"{path.relative_to(ROOT)}: {len(list(missing(domain, language)))} without words", file=sys.stderr)


HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""

if __name__ == "__main__":
    main()
