"""The widget on other people's pages: the loader that one script tag fetches, and the page in its frame.

Owns those routes and the words that the script needs. What the visitor holds is kept by the loader in the storage of
the page around it, and handed to the frame by message (static/js/widget/store.js): a browser that blocks or empties
the storage of frames of other sites takes no conversation away, and no cookie is set or needed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from inbox import reading, working_hours
from inbox.api.asking import services, wiring
from inbox.api.widget import look_of
from inbox.conversation import storable
from inbox.errors import NotFound
from inbox.language import LANGUAGES, chosen
from inbox.origins import frame_ancestors
from inbox.pages import hours_words
from inbox.saying import later, said
from inbox.security import may_be_framed
from inbox.static_files import whole

blueprint = Blueprint("widget_page", __name__)
LOADER_SECONDS = 300  # how long a page may go on with an older loader
THEME = ":root, .shop {{ --brand: {brand}; --brand-ink: {brand_ink}; }}\n"
WORDS = {  # what the script says; `{…}` is filled in there
    "you": later("You"),
    "not_person": later("not a person"),
    "person": later("a person"),
    "title": later("%(name)s help"),
    "from": later("{person} from %(name)s"),
    "ai_first": later("AI answers first, people may join"),
    "people_answer": later("People answer here"),
    "person_writes": later("A person is writing with you"),
    "back_at": later("Nobody is here right now; people are back {time}."),
    "nobody": later("Nobody is here right now; people answer later."),
    "here": later("Somebody is here now and answers you in this chat."),
    "ai_goes_on": later("Until then the AI answers."),
    "say_what": later("Write a few words, so that people know what it is about."),
    "solved": later("Solved"),
    "joined": later("{person} joined; the AI has stepped back"),
    "removed": later("This message was removed."),
    "sending": later("Being sent"),
    "waiting": later("Waiting for the network"),
    "sent": later("Sent"),
    "kept": later("Not sent yet. It is kept here and sent as soon as the network is back."),
    "write": later("Write something"),
    "write_to": later("Write to {person}"),
    "reopen": later("Write to open it again"),
    "mail_saved": later("Thank you. People can answer you at {email}."),
    "mail_wrong": later("That is no e-mail address."),
    "remove_file": later("Remove {name}"),
    "file_failed": later("{name} could not be attached: {why}"),
    "too_large": later("it is larger than 10 MiB"),
    "empty_file": later("it is empty"),
    "too_many_files": later("too many files wait; send those first"),
    "too_fast": later("that was too much at once; wait a moment"),
    "rated": later("Thank you. You gave {score} of 5."),
    "not_kept": later("That did not work. Try again in a moment."),
}


@blueprint.get("/widget.js")
def loader() -> Response:
    """The script of the one tag; it may be fetched by any page, whatever that page isolates itself with."""
    response = whole("js/widget/loader.js")
    response.headers["Cache-Control"] = f"public, max-age={LOADER_SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/widget/<key>")
def frame(key: str) -> ResponseReturnValue:
    """The page in the frame. Only pages of the project's allowed origins can show it."""
    project = found_project(key)
    may_be_framed(frame_ancestors(project["widget_origins"]))
    asked = request.args.get("language", "")
    with force_locale(asked if asked in LANGUAGES else chosen()):
        return render_template("widget/frame.html", **shown(project))


@blueprint.get("/widget/<key>/theme.css")
def theme(key: str) -> Response:
    """The project's colours."""
    response = make_response(THEME.format(**look_of(found_project(key))))
    response.mimetype = "text/css"
    return response


def found_project(key: str) -> reading.Row:
    """The project with this widget key. Raises NotFound."""
    with services().reading() as connection:
        project = reading.project_by_key(connection, key) if storable(key) else None
    if project is None:
        raise NotFound("There is no widget with this key.")
    return project


def shown(project: reading.Row) -> dict[str, Any]:
    """What the widget's template takes."""
    with services().reading() as connection:
        setting = working_hours.find(connection, project["id"])
    return {
        "project": project,
        "words": words(project["name"]),
        "offline": wiring().settings.offline,
        "hours": hours_words.lines(setting) if setting.enabled else [],
        "asks_for_person": project["responder_enabled"] and project["widget_ask_person"] != "never",
    }


def words(name: str) -> dict[str, str]:
    """What the script says, in the reader's language, for the project of this name."""
    return {key: said(text, name=name) for key, text in WORDS.items()}
