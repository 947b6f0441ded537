"""Files from both sides: judged by their bytes, read only by who may, and never so that they could run here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import LARGEST_BODY_BYTES
from inbox import attachments
from inbox.services import Services
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader
from tests.turns import begun

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def attach(who: Caller, path: str, data: bytes, name: str = "a.png", **more: Any) -> TestResponse:
    return who.call("POST", f"{path}?name={name}", data=data, content_type="application/octet-stream", **more)


def by_visitor(visitor: Caller, data: bytes = PNG, name: str = "a.png") -> dict[str, Any]:
    response = attach(visitor, "/widget/attachments", data, name)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.get_json()
    return made


def fetch(who: Caller, url: str) -> TestResponse:
    return who.get(url.removeprefix("/api/v1"))


def test_a_visitors_picture(house: House, turn_queue: Any) -> None:
    visitor = house.visit()
    file = by_visitor(visitor)
    assert (file["name"], file["type"], file["bytes"]) == ("a.png", "image/png", len(PNG))
    sent = visitor.post("/widget/messages", {"content": "Look", "attachment_ids": [file["id"]]})
    assert sent.status_code == 201, sent.text
    assert sent.get_json()["attachments"] == [file]
    got = fetch(visitor, file["url"])
    assert (got.status_code, got.data, got.content_type) == (200, PNG, "image/png")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert got.headers["Content-Disposition"].startswith("inline;")
    assert got.headers["Cache-Control"] == "private, no-store"
    seen = house.ada.get(f"/conversations/{visitor.conversation_id}/messages").get_json()["items"][-1]
    assert [one["name"] for one in seen["attachments"]] == ["a.png"]
    assert fetch(house.ben, seen["attachments"][0]["url"]).data == PNG


@pytest.mark.parametrize("data", [SVG, b"<!doctype html><script>alert(1)</script>", b"%PDF-1.7\n%x", b"BM" + b"x" * 40])
def test_what_could_run_is_only_downloaded(house: House, data: bytes) -> None:
    visitor = house.visit()
    got = fetch(visitor, by_visitor(visitor, data, "innocent.png")["url"])
    assert got.content_type == "application/octet-stream"
    assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''innocent.png"


def test_an_agents_file(house: House) -> None:
    visitor = house.visit("Hello")
    path = f"/conversations/{visitor.conversation_id}"
    file = attach(house.ben, f"{path}/attachments", PNG, "label.png").get_json()
    assert error(fetch(visitor, f"/widget/attachments/{file['url'].rsplit('/', 1)[1]}")) == (404, "not_found")
    said = house.ben.post(f"{path}/messages", {"content": "Print this", "attachment_ids": [file["id"]]})
    assert said.status_code == 201, said.text
    seen = visitor.get("/widget/messages").get_json()["items"][-1]["attachments"]
    assert fetch(visitor, seen[0]["url"]).data == PNG


def test_a_notes_file_is_no_visitors(house: House) -> None:
    visitor = house.visit("Hello")
    path = f"/conversations/{visitor.conversation_id}"
    file = attach(house.ben, f"{path}/attachments", PNG).get_json()
    house.ben.post(f"{path}/messages", {"content": "Only us", "private": True, "attachment_ids": [file["id"]]})
    key = file["url"].rsplit("/", 1)[1]
    assert error(visitor.get(f"/widget/attachments/{key}")) == (404, "not_found")
    assert house.ada.get(f"{path}/attachments/{key}").status_code == 200


def test_who_may_read(house: House, other_house: House, services: Services) -> None:
    visitor, neighbour = house.visit(), house.visit("Mine")
    file = by_visitor(visitor)
    key = file["url"].rsplit("/", 1)[1]
    assert len(key) >= 40, "nobody guesses it"
    # Not sent yet: only who sends it sees it.
    assert fetch(visitor, file["url"]).status_code == 200
    own = f"/conversations/{visitor.conversation_id}/attachments/{key}"
    assert error(house.ada.get(own)) == (404, "not_found")
    visitor.post("/widget/messages", {"attachment_ids": [file["id"]]})
    assert house.ada.get(own).status_code == 200
    assert error(fetch(neighbour, file["url"])) == (404, "not_found")
    assert error(Caller(house.app).get(f"/widget/attachments/{key}")) == (401, "unauthorized")
    assert error(Caller(house.app).get(own)) == (401, "unauthorized")
    assert error(other_house.ada.get(own)) == (404, "not_found")
    elsewhere = f"/conversations/{neighbour.conversation_id}/attachments/{key}"
    assert error(house.ada.get(elsewhere)) == (404, "not_found")
    # Asked anew at each fetch.
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM membership WHERE agent_id = :id"), {"id": house.ben.id})
    assert error(house.ben.get(own)) == (401, "unauthorized")


def test_only_ones_own_files_are_sent(house: House) -> None:
    visitor, neighbour = house.visit("One"), house.visit("Two")
    theirs = by_visitor(neighbour)["id"]
    agents = attach(house.ben, f"/conversations/{visitor.conversation_id}/attachments", PNG).get_json()["id"]
    mine = by_visitor(visitor)["id"]
    before = len(visitor.get("/widget/messages").get_json()["items"])
    for ids in ([theirs], [agents], [mine, theirs], [2**62]):
        response = visitor.post("/widget/messages", {"content": "x", "attachment_ids": ids})
        assert error(response) == (422, "invalid"), ids
        assert "attachment_ids" in response.get_json()["error"]["fields"]
    assert len(visitor.get("/widget/messages").get_json()["items"]) == before
    assert visitor.post("/widget/messages", {"attachment_ids": [mine]}).status_code == 201
    assert error(visitor.post("/widget/messages", {"attachment_ids": [mine]})) == (422, "invalid"), "it was sent"


def test_text_or_files_or_both(house: House) -> None:
    visitor = house.visit()
    for nothing in ({}, {"content": ""}, {"content": "  "}, {"content": "", "attachment_ids": []}):
        response = visitor.post("/widget/messages", nothing)
        assert error(response) == (422, "invalid")
        assert "content" in response.get_json()["error"]["fields"]
    file = by_visitor(visitor, name="receipt.png")
    assert visitor.post("/widget/messages", {"attachment_ids": [file["id"]]}).get_json()["content"] == ""
    found = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()
    assert found["last_message_snippet"] == "receipt.png"
    for bad in ([1] * 11, ["1"], [0], [-1], [2**63], "1"):
        assert error(visitor.post("/widget/messages", {"content": "x", "attachment_ids": bad})) == (422, "invalid"), bad


def test_files_stand_as_they_were_chosen(house: House) -> None:
    """Those that were taken first need not have been chosen first: a small file overtakes a large one."""
    visitor = house.visit()
    ids = [by_visitor(visitor, name=name)["id"] for name in ("second.png", "third.png", "first.png")]
    sent = visitor.post("/widget/messages", {"content": "Look", "attachment_ids": [ids[2], ids[0], ids[1]]})
    assert [one["name"] for one in sent.get_json()["attachments"]] == ["first.png", "second.png", "third.png"]


def test_limits(house: House) -> None:
    visitor = house.visit()
    assert error(attach(visitor, "/widget/attachments", b"x" * (10 * 1024 * 1024 + 1))) == (413, "too_large")
    assert attach(visitor, "/widget/attachments", b"x" * (10 * 1024 * 1024)).status_code == 201
    assert error(attach(visitor, "/widget/attachments", b"")) == (422, "invalid")
    assert error(visitor.post("/widget/messages", {"content": "x" * 300_000})) == (413, "too_large")
    for _ in range(attachments.MOST_UNSENT - 1):
        by_visitor(visitor, b"Hello", "a.txt")
    assert error(attach(visitor, "/widget/attachments", b"Hello")) == (422, "invalid")
    assert error(attach(house.ada, "/conversations/999999/attachments", PNG)) == (404, "not_found")


def test_a_repetition_is_the_first(house: House) -> None:
    visitor = house.visit()
    key = {"Idempotency-Key": "once"}
    first = attach(visitor, "/widget/attachments", PNG, headers=key)
    again = attach(visitor, "/widget/attachments", PNG, headers=key)
    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert error(attach(visitor, "/widget/attachments", SVG, headers=key)) == (422, "idempotency_conflict")


def test_the_responder_is_told_of_a_file_and_sees_none(house: House, services: Services, turn_queue: Any) -> None:
    visitor = house.visit()
    visitor.post(
        "/widget/messages", {"content": "Look", "attachment_ids": [by_visitor(visitor, name="receipt.png")["id"]]}
    )
    with services.database.begin() as connection:
        work = begun(connection, turn_queue.turns[-1])
    assert work.snapshot.history[-1].content == "Look\n[receipt.png was sent, a file of type image/png]"


def test_the_agents_page(house: House, sit: Callable[[Caller], Reader]) -> None:
    visitor = house.visit()
    ids = [by_visitor(visitor, data, name)["id"] for data, name in ((PNG, "a.png"), (SVG, "<b>.svg"))]
    visitor.post("/widget/messages", {"attachment_ids": ids})
    ben = sit(house.ben)
    page = ben.open(f"/conversations/{visitor.conversation_id}")
    address = f"/conversations/{visitor.conversation_id}/attachments"
    picture = page.split(f'<img src="{address}/')[1].split('"')[0]
    assert ben.client.get(f"{address}/{picture}").data == PNG
    assert page.count("<img src=") == 1, "only raster images are shown in place"
    assert 'download="b.svg"' in page
    token = ben.forms[f"/conversations/{visitor.conversation_id}/say"]["csrf_token"]
    headers = {"X-CSRFToken": token}
    made = ben.client.post(f"{address}?name=label.png", data=PNG + b"x" * 400_000, headers=headers)
    assert made.status_code == 201, made.text
    form = {"csrf_token": token, "kind": "public", "content": "", "attachment": str(made.get_json()["id"])}
    assert ben.client.post(f"/conversations/{visitor.conversation_id}/say", data=form).status_code == 302
    assert visitor.get("/widget/messages").get_json()["items"][-1]["attachments"][0]["name"] == "label.png"


def test_no_form_is_as_long_as_a_file(house: House) -> None:
    """It would be read whole before anybody is asked who they are."""
    form = {"content_type": "application/x-www-form-urlencoded", "data": b"x" * (LARGEST_BODY_BYTES + 1)}
    refused = house.app.test_client().post(f"/conversations/{house.visit().conversation_id}/attachments?name=a", **form)
    assert refused.status_code == 413
