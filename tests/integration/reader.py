"""Somebody who is signed in and reads pages without a script: opens one, fills in a form of it, sends it.

Owns what a browser does with a form's markup. Must not assert anything about pages.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from inbox import sessions
from inbox.pages.browser_session import COOKIE
from inbox.services import Services
from inbox.sessions import Visiting
from tests.integration.callers import Caller


class Form(HTMLParser):
    """The fields of every form of a page that posts, in one mapping for each form's address."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.kinds: dict[str, str] = {}
        self._fields: dict[str, str] | None = None
        self._select = ""
        self._area: tuple[str, list[str]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the tag adds to its form."""
        named = dict(attrs)
        name, value = named.get("name") or "", named.get("value") or ""
        if tag == "form" and named.get("method") == "post":
            action = (named.get("action") or "").partition("#")[0]  # which no browser sends
            self._fields = self.forms.setdefault(action, {})
            self.kinds[action] = named.get("enctype") or "application/x-www-form-urlencoded"
        if self._fields is None or "disabled" in named:
            return
        if tag == "input" and name and (named.get("type") not in {"checkbox", "radio"} or "checked" in named):
            if named.get("type") != "file":
                self._fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in named or self._select not in self._fields):
            self._fields[self._select] = value
        elif tag == "textarea":
            self._area = (name, [])

    def handle_data(self, data: str) -> None:
        """A text area's words."""
        if self._area:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close what was open; a text area drops the line break behind its tag."""
        if tag == "textarea" and self._area and self._fields is not None:
            self._fields[self._area[0]] = "".join(self._area[1]).removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._fields = None


class Reader:
    """A signed-in agent at a browser of their own."""

    def __init__(self, app: Flask, services: Services, who: Caller) -> None:
        self.client = app.test_client()
        with services.database.begin() as connection:
            statement = text("SELECT project_id FROM membership WHERE agent_id = :agent")
            project_id = connection.execute(statement, {"agent": who.id}).scalar_one()
            token = sessions.start(connection, who.id, project_id, Visiting(), how="test", password_hash=None)
        self.client.set_cookie(COOKIE, token)
        self.forms: dict[str, dict[str, str]] = {}
        self.kinds: dict[str, str] = {}

    def open(self, path: str) -> str:
        """The page's text; its forms are remembered."""
        return self._took(self.client.get(path, follow_redirects=True))

    def send(
        self, path: str, changes: Mapping[str, str | None] | None = None, *, to: str = "", file: Any = None
    ) -> TestResponse:
        """Send the form with the address `to` of the page opened last, with these fields changed (None: left out)."""
        fields = {**self.forms[to], **(changes or {})}
        data: dict[str, Any] = {name: _as_sent(value) for name, value in fields.items() if value is not None}
        if file is not None:
            data["file"] = (io.BytesIO(file[1]), file[0])
        response = self.client.post(to or path, data=data, content_type=self.kinds[to])
        self._took(response)
        return response

    def _took(self, response: TestResponse) -> str:
        form = Form(response.text)
        self.forms, self.kinds = form.forms, form.kinds
        return response.text


def _as_sent(value: str) -> str:
    return re.sub(r"\r?\n", "\r\n", value)


Sit = Callable[[Caller], Reader]  # signs somebody in at a browser of their own


def shown(page: str) -> str:
    """A page's words as a person reads them, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())
