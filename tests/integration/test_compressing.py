"""What is compressed, what is not, and what the length of a page does not tell."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, url_for

from inbox.compressing import unmasked
from tests.integration.callers import House
from tests.integration.reader import Sit

ZIPPED = {"Accept-Encoding": "gzip"}


def test_pages_and_our_files(app: Flask, house: House, sit: Sit) -> None:
    client = sit(house.ada).client
    page = client.get("/", headers=ZIPPED)
    assert page.headers["Content-Encoding"] == "gzip"
    words = gzip.decompress(page.data).decode()
    style = re.search(r'href="(/static/v-\w+/css/tandem.css)"', words)
    assert style, "the page names its files with their version"
    file = client.get(style.group(1), headers=ZIPPED)
    assert (file.headers["Content-Encoding"], "immutable" in file.headers["Cache-Control"]) == ("gzip", True)
    older = client.get("/static/v-000000000000/css/tandem.css", headers=ZIPPED)
    assert (older.data, older.headers["Cache-Control"]) == (file.data, "no-cache")
    assert b"tandem" in gzip.decompress(client.get("/widget.js", headers=ZIPPED).data)


def test_our_scripts_and_styles_come_without_what_only_people_read(app: Flask) -> None:
    client = app.test_client()
    for path in ("css/tandem.css", "js/widget/loader.js", "/widget.js"):
        served = client.get(path if path.startswith("/") else f"/static/{path}")
        file = Path(str(app.static_folder)) / path.replace("/widget.js", "js/widget/loader.js")
        assert 0 < len(served.data) < 0.9 * file.stat().st_size, path
        part = client.get(served.request.path, headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.data) == (200, served.data), "a part of the file would be none of this"
    theirs = next((Path(str(app.static_folder)) / "vendor").rglob("*.js"))
    assert client.get(f"/static/{theirs.relative_to(str(app.static_folder))}").data == theirs.read_bytes()


def test_streams_and_what_programs_read_are_as_they_are(house: House, sit: Sit) -> None:
    """An event stream that is compressed waits for more words before the first leaves."""
    stream = sit(house.ada).client.get("/events", headers=ZIPPED, buffered=False)
    assert "Content-Encoding" not in stream.headers
    assert stream.mimetype == "text/event-stream"
    stream.close()
    assert "Content-Encoding" not in house.ada.get("/conversations").headers


def test_no_two_answers_hold_the_same_token(app: Flask) -> None:
    """What is found out about one answer helps with no other; each token opens the same door."""
    client = app.test_client()
    tokens = []
    for _ in range(2):
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
        assert found
        tokens.append(found.group(1))
        form = {"csrf_token": tokens[-1], "email": "nobody@example.com", "password": "wrong"}
        assert client.post("/sign-in", data=form).status_code == 401
    assert tokens[0][:80] != tokens[1][:80]
    assert len({unmasked(token).split(".")[0] for token in tokens}) == 1


def test_the_length_is_blurred(app: Flask) -> None:
    client = app.test_client()
    lengths = {len(client.get("/sign-in").headers["X-Blur"]) for _ in range(20)}
    assert len(lengths) > 5


@pytest.mark.parametrize("given", ["", "x", "é", "AAAA", "IjEi.aGVs.b-G8", "=", "Q"])
def test_what_is_no_masked_token_is_refused_as_no_token(app: Flask, given: str) -> None:
    client = app.test_client()
    client.get("/sign-in")
    assert client.post("/sign-in", data={"csrf_token": given}).status_code == 400


def test_addresses_hold_the_version(app: Flask) -> None:
    with app.test_request_context():
        assert re.fullmatch(r"/static/v-[0-9a-f]{12}/icon.svg", url_for("static", filename="icon.svg"))
