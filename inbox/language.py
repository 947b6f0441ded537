"""The language that a page is shown in.

Owns choosing it and adding `_()` to the templates. Words of visitors, agents and models are never translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import read_mo
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, get_locale, get_translations, gettext
from markupsafe import Markup

from inbox import saying
from inbox.errors import InboxError
from inbox.saying import said

LANGUAGES = ("en", "vi")  # the first is the one that the pages are written in
TRANSLATIONS = Path(__file__).resolve().parent / "translations"


def register(app: Flask) -> None:
    """Add the translations, `_()`, `language()` and `direction()`."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(TRANSLATIONS))
    Babel(app, locale_selector=chosen)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of its extension, which Babel adds
        lambda text: _of_page().ugettext(text), lambda one, more, n: _of_page().ungettext(one, more, n), newstyle=True
    )
    app.jinja_env.globals.update(
        _=_sentence, language=language, direction=direction, time_zone=time_zone, script_words=script_words
    )


def _sentence(text: str, **values: object) -> Markup:
    """What `_()` says in a template. Jinja's own comes to the same, by way of the template's context and four calls."""
    sentence = Markup(_of_page().ugettext(text))
    return sentence % values if values or "%" in sentence else sentence


def _of_page() -> Any:
    """The page's translations, looked for once: it says hundreds of sentences."""
    if "translations" not in g:
        g.translations = get_translations()
    return g.translations


def chosen() -> str:
    """What the agent who reads the page has chosen, else the best of what the browser asks for."""
    if not has_request_context():
        return LANGUAGES[0]
    reader = g.get("reader")
    if reader is not None and reader.language in LANGUAGES:
        return str(reader.language)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def language() -> str:
    """The page's language, as `lang` has it."""
    return str(get_locale() or LANGUAGES[0]).replace("_", "-")


def time_zone() -> str:
    """The zone that the reader has chosen for their account, or nothing: the browser's."""
    reader = g.get("reader")
    return str(reader.time_zone) if reader is not None else ""


def direction() -> str:
    """`rtl` for languages written from right to left."""
    locale = get_locale()
    return locale.text_direction if locale else "ltr"


def script_words() -> dict[str, str]:
    """What the page's scripts say, from English to the page's language; empty where that is English."""
    return _script_words(language())


@cache
def _script_words(wanted: str) -> dict[str, str]:
    if wanted == LANGUAGES[0]:
        return {}
    with (TRANSLATIONS / wanted / "LC_MESSAGES" / "scripts.mo").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_mo(file) if message.id}


def _for_who_asks(text: str, values: Mapping[str, object]) -> str | None:
    return str(gettext(text, **values)) if has_request_context() else None


saying.translate = _for_who_asks


def sentence_of(error: InboxError) -> str:
    """The error's sentence as `said` says it. What errors say is marked for translators by being raised."""
    return said(error.sentence, **error.filled)
