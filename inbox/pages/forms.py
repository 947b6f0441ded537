"""What a person typed into a form, and what they saw when it was opened.

Owns reading a form, and what a post is answered with that deletes what managers keep or sets the project's columns.
Must not know what a form is about: its page says that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import projects
from inbox.access import Agent
from inbox.api.asking import services, valid
from inbox.api.schemas import ProjectBody
from inbox.errors import Invalid, NotFound, StaleVersion


class Drawn(Protocol):
    """A page with what was typed in it, what a colleague set meanwhile, and what is wrong by field."""

    def __call__(
        self, me: Agent, typed: Mapping[str, Any], *, conflicts: Any = (), errors: Mapping[str, Any] | None = None
    ) -> str: ...


def number(text: str) -> int | None:
    """The whole number that a field holds, if it holds one that is no larger than an id can be."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def words(name: str) -> str:
    """A field of several lines as it was typed; browsers send each line's end as two characters."""
    return request.form.get(name, "").replace("\r\n", "\n")


def typed(*names: str) -> dict[str, str]:
    """The fields as they were typed, without the space around them."""
    return {name: words(name).strip() for name in names}


def seen() -> list[int]:
    """The version that was shown when the form was opened; none of them where the form does not say."""
    version = number(request.form.get("version", ""))
    return [] if version is None else [version]


def saved(row: Mapping[Any, Any]) -> None:
    """Say what became of a save."""
    flash(gettext("Saved.") if row["written"] else gettext("Nothing was changed."))


def forget(delete: Callable[[], None], said: str, *, at: str, back: str) -> ResponseReturnValue:
    """Delete what is shown at `at` and go `back`, unless a colleague changed it since, or deleted it already."""
    try:
        delete()
    except StaleVersion as error:
        (stands,) = error.extra.values()
        by = stands["changed_by"] or gettext("Somebody")
        flash(gettext("%(by)s changed it meanwhile. Look at it once more.", by=by))
        return redirect(at)
    except NotFound:
        flash(gettext("Somebody else had deleted it already."))
        return redirect(back)
    flash(said)
    return redirect(back)


def set_columns(
    me: Agent, fields: Callable[[str], dict[str, Any]], draw: Drawn, fault: Callable[[str, str], str], *, at: str
) -> ResponseReturnValue:
    """Set the project's columns that were changed in the form; what cannot be saved is shown again as it was typed.

    `fields` reads them under a prefix: the form says under `was-` what the manager saw in each, so that a save writes
    only what they changed, and nothing where a colleague set the same meanwhile.
    """
    typed, was = fields(""), fields("was-")
    typed = {name: value for name, value in typed.items() if was.get(name) != value}
    try:
        changes = valid(ProjectBody, typed).changes()
        shown = valid(ProjectBody, {name: was[name] for name in changes if name in was}).changes()
        with services().statement() as writing:
            row = projects.change(writing.connection, me, changes, was=shown)
    except StaleVersion as error:
        return draw(me, typed, conflicts=error.extra["fields"]), 409
    except Invalid as error:
        faults = {name.partition(".")[0]: words for name, words in error.extra["fields"].items()}
        return draw(me, typed, errors={name: fault(name, words) for name, words in faults.items()}), 422
    saved(row)
    return redirect(at)
