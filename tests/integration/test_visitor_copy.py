"""A copy of all that is kept of a visitor: nothing of theirs is missing, nothing of others is in it, it is logged."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import BadZipFile, ZipFile

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from inbox import visitor_copy
from inbox.services import Services
from inbox.settings import Settings
from inbox.storage import Folder
from inbox.visitor_copy import Copy
from tests.integration.callers import Caller, House, error, known
from tests.integration.reader import Sit, shown


def attach(who: Caller, path: str, data: bytes) -> int:
    """A file of the same name as all others that waits to be sent."""
    made = who.call("POST", f"{path}/attachments?name=a.txt", data=data, content_type="application/octet-stream")
    assert made.status_code == 201, made.text
    return int(made.get_json()["id"])


def unpacked(response: TestResponse) -> dict[str, bytes]:
    assert (response.status_code, response.content_type) == (200, "application/zip"), response.text
    with ZipFile(io.BytesIO(response.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def leila(house: House, services: Services) -> Caller:
    """A visitor with words and a file from both sides, a note, a draft and a rating; beside them another."""
    visitor = house.visit("Where is my parcel?", name="Leila", email="leila@example.com")
    at = f"/conversations/{visitor.conversation_id}"
    visitor.post("/widget/messages", {"attachment_ids": [attach(visitor, "/widget", b"theirs")]})
    house.ben.post(f"{at}/messages", {"content": "Here", "attachment_ids": [attach(house.ben, at, b"to them")]})
    house.ben.post(f"{at}/messages", {"content": "She called twice.", "private": True})
    house.ben.patch(at, {"labels": ["parcel"], "status": "solved"})
    visitor.post("/widget/rating", {"score": 4, "comment": "Quick"})
    with services.database.begin() as connection:
        draft = """INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
            SELECT project_id, conversation_id, id, 'Parked words', 'person_replied' FROM turn
            WHERE conversation_id = :conversation LIMIT 1"""
        connection.execute(text(draft), {"conversation": visitor.conversation_id})
    other = house.visit("Another secret", name="Tom")
    other.post("/widget/messages", {"attachment_ids": [attach(other, "/widget", b"another's")]})
    return visitor


def test_all_that_is_kept_of_them(house: House, services: Services) -> None:
    conversation = leila(house, services).conversation_id
    (one,) = known(house, q="Leila")
    found = unpacked(house.ada.post(f"/visitors/{one['id']}/copy"))
    assert sorted(found.pop(name) for name in sorted(found) if name.startswith("files/")) == [b"theirs", b"to them"]
    content: dict[str, Any] = json.loads(found["visitor.json"])
    assert content["visitor"] == house.ada.get(f"/visitors/{one['id']}").get_json()
    (kept,) = content["conversations"]
    assert (kept["id"], kept["labels"], kept["status"]) == (conversation, ["parcel"], "solved")
    at = f"/conversations/{conversation}"
    for part, under in (("messages", "messages"), ("drafts", "drafts"), ("timeline", "timeline")):
        assert kept[part] == house.ada.get(f"{at}/{under}").get_json()["items"], part
    assert [draft["content"] for draft in kept["drafts"]] == ["Parked words"]
    assert [(rating["score"], rating["comment"]) for rating in kept["ratings"]] == [(4, "Quick")]
    words = found["conversations.txt"].decode()
    for said in ("Leila", "Where is my parcel?", "files/", "Ben  Note among the team\nShe called twice."):
        assert said in words
    assert "secret" not in words + found["visitor.json"].decode()


def test_managers_alone_and_it_is_written_down(house: House, services: Services, other_house: House) -> None:
    leila(house, services)
    path = f"/visitors/{known(house, q='Leila')[0]['id']}/copy"
    assert error(house.ben.post(path)) == (403, "forbidden")
    assert error(other_house.ada.post(path)) == (404, "not_found")
    assert house.ada.get("/audit", query_string={"kind": "visitor_copied"}).get_json()["items"] == []
    unpacked(house.ada.post(path))
    (entry,) = house.ada.get("/audit", query_string={"kind": "visitor_copied"}).get_json()["items"]
    assert (entry["actor"]["name"], entry["data"]) == ("Ada", {"conversations": 1})


def test_one_without_a_word(house: House) -> None:
    house.visit(name="Silent")
    found = unpacked(house.ada.post(f"/visitors/{known(house, q='Silent')[0]['id']}/copy"))
    assert sorted(found) == ["conversations.txt", "visitor.json"]
    assert json.loads(found["visitor.json"])["conversations"][0]["messages"] == []


def test_on_the_page(house: House, services: Services, sit: Sit) -> None:
    number = leila(house, services).conversation_id
    page, to = f"/conversations/{number}", f"/conversations/{number}/visitor/copy"
    assert to not in sit(house.ben).open(page), "who may not is not offered it"
    ada = sit(house.ada)
    form = ada.open(page) and ada.forms[to]
    assert "visitor.json" in unpacked(ada.client.post(to, data=form))
    assert "took a copy of all that is kept of visitor" in shown(ada.open("/settings/audit"))


def test_a_file_that_is_gone_meanwhile_is_left_out(settings: Settings) -> None:
    copy = Copy({"visitor": {}}, "", [("files/1-a.txt", "x" * 43)])
    made = b"".join(visitor_copy.archive(copy, Folder(settings.data / "attachments")))
    assert ZipFile(io.BytesIO(made)).namelist() == ["visitor.json", "conversations.txt"]


def test_an_archive_that_broke_off_is_none(settings: Settings) -> None:
    """The storage goes away in the middle: nobody takes half for the whole."""
    folder = settings.data / "attachments"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    came: list[bytes] = []
    with pytest.raises(NotADirectoryError):
        came.extend(visitor_copy.archive(Copy({}, "", [("files/1-a.txt", "x" * 43)]), Folder(folder)))
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(b"".join(came)))
