"""HTTP in general: bodies, ids, tokens and what goes wrong before an act begins."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask

from tests.integration.callers import Caller, House, error

JSON = {"Content-Type": "application/json"}


def raw(caller: Caller, path: str, body: bytes, content_type: str | None = "application/json") -> Any:
    headers = {"Content-Type": content_type} if content_type else {}
    return caller.call("POST", path, data=body, headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"nonsense", b'{"content": NaN}', b'{"content": "\xff"}', b"\xef\xbb\xbf{}", b"[" * 100_000,
        '{"content": "x"}'.encode("utf-16"), b'{"content": "a\x00b"}', b'{"content": 1e', b"{'content': 'x'}",
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_bad_json(house: House, body: bytes) -> None:
    visitor = house.visit()
    assert error(raw(visitor, "/widget/messages", body)) == (400, "bad_json")
    assert visitor.get("/widget/messages").get_json()["items"] == []


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true"])
def test_json_that_is_no_object(house: House, body: bytes) -> None:
    assert error(raw(house.visit(), "/widget/messages", body)) == (422, "invalid")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_not_json(house: House, content_type: str | None) -> None:
    visitor = house.visit()
    assert error(raw(visitor, "/widget/messages", b'{"content": "x"}', content_type)) == (415, "not_json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.api+json"])
def test_json_by_other_names(house: House, content_type: str) -> None:
    assert raw(house.visit(), "/widget/messages", b'{"content": "x"}', content_type).status_code == 201


def test_too_large(house: House) -> None:
    visitor = house.visit()
    body = json.dumps({"content": "x", "pad": "y" * 256 * 1024}).encode()
    assert error(raw(visitor, "/widget/messages", body)) == (413, "too_large")
    for path in ("claim", "messages", "take-over"):
        assert error(raw(house.ada, f"/conversations/{visitor.conversation_id}/{path}", body)) == (413, "too_large")
    assert error(raw(Caller(house.app), "/widget/sessions", body)) == (413, "too_large")


def test_too_large_in_chunks(house: House) -> None:
    """A body without a length is not cut off at the limit and then taken for all there was."""
    visitor = house.visit()
    for beyond, wanted in ((1, (413, "too_large")), (0, (422, "unknown_field"))):
        body = b'{"content": "x", "pad": 1}'.ljust(256 * 1024 + beyond)
        response = visitor.call(
            "POST",
            "/widget/messages",
            input_stream=io.BytesIO(body),
            headers={"Transfer-Encoding": "chunked", **JSON},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert error(response) == wanted


class BrokenOff(io.BytesIO):
    """A body as the server gives it whose client has left, or sends no more."""

    def read(self, *_: object) -> bytes:
        raise OSError("unexpected end of file while reading request")


def test_a_body_that_breaks_off(house: House) -> None:
    visitor = house.visit()
    response = visitor.call("POST", "/widget/messages", input_stream=BrokenOff(), content_length=20, headers=JSON)
    assert error(response) == (400, "bad_json")


def test_lone_surrogates_and_escapes(house: House) -> None:
    visitor = house.visit()
    assert error(raw(visitor, "/widget/messages", b'{"content": "\\ud800"}')) == (422, "invalid")
    assert error(raw(visitor, "/widget/messages", b'{"content": "\\u0000"}')) == (422, "invalid")
    assert raw(visitor, "/widget/messages", b'{"content": "\\ud83c\\udf89"}').get_json()["content"] == "🎉"


def test_deep_values(house: House) -> None:
    at = house.visit().conversation_id
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    assert error(house.ada.patch(f"/conversations/{at}", {"custom_attributes": {"a": deep}})) == (422, "invalid")
    body = b'{"custom_attributes": {"a": 1e999}}'
    response = house.ada.call("PATCH", f"/conversations/{at}", data=body, headers=JSON)
    assert error(response) == (422, "invalid")


ROUTES = [
    ("GET", ""), ("PATCH", ""), ("POST", "/claim"), ("POST", "/take-over"), ("POST", "/give-back"), ("POST", "/read"),
    ("POST", "/workflow"), ("GET", "/messages"), ("POST", "/messages"), ("GET", "/timeline"), ("GET", "/turns"),
    ("POST", "/turns/1/stop"), ("GET", "/drafts"), ("POST", "/drafts/1/send"), ("POST", "/drafts/1/discard"),
]  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "": {"status": "solved"},
    "/workflow": {"node_id": None},
    "/messages": {"content": "x"},
}


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_ids_that_are_not_there_are_alike(house: House, other_house: House, method: str, route: str) -> None:
    foreign = other_house.visit("Hello").conversation_id
    unknown = ["999999", str(2**63 - 1), str(2**63), "9" * 40, "0", "-1", "x", "1.0", "١", "%00", "1%20", "+1", "1e1"]
    answers = set()
    for number in [str(foreign), *unknown]:
        body = {"json": BODIES.get(route, {})} if method != "GET" else {}
        response = house.ada.call(method, f"/conversations/{number}{route}", **body)
        assert error(response) == (404, "not_found"), number
        answers.add(response.get_data())
    assert len(answers) == 1
    found = other_house.ada.get(f"/conversations/{foreign}").get_json()
    assert (found["version"], found["status"], found["unread_count"]) == (1, "open", 1)


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_asks_who(house: House, method: str, route: str) -> None:
    at = house.visit("Hello").conversation_id
    for caller in (
        Caller(house.app),
        Caller(house.app, "wrong"),
        Caller(house.app, "\udcff".encode("utf-8", "replace").decode()),
    ):
        response = caller.call(method, f"/conversations/{at}{route}", json={} if method != "GET" else None)
        assert error(response) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_every_route_refuses_what_it_does_not_know(house: House, method: str, route: str) -> None:
    at = house.visit("Hello").conversation_id
    body = {"json": BODIES.get(route, {})} if method != "GET" else {}
    response = house.ada.call(method, f"/conversations/{at}{route}?surprise=1", **body)
    assert error(response) == (422, "invalid")
    if method != "GET":
        body = {"json": BODIES.get(route, {}) | {"surprise": 1}}
        response = house.ada.call(method, f"/conversations/{at}{route}", **body)
        assert error(response) == (422, "unknown_field")
        assert response.get_json()["error"]["fields"] == {"surprise": "is not known"}


def test_addresses_that_are_none(house: House) -> None:
    assert error(house.ada.get("/nothing")) == (404, "not_found")
    assert error(house.ada.call("DELETE", "/conversations"))[0] == 405
    assert house.ada.call("DELETE", "/conversations").headers["Allow"]


def test_methods_that_an_address_does_not_take(house: House) -> None:
    at = house.visit("Hello").conversation_id
    for method, path, allowed in (
        ("DELETE", f"/conversations/{at}", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("PUT", "/webhooks", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/widget/sessions", {"OPTIONS", "POST"}),
        ("BREW", "/me", {"GET", "HEAD", "OPTIONS"}),
    ):
        response = house.ada.call(method, path)
        assert error(response) == (405, "method_not_allowed")
        assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/v1", "/api/v1/conversations/", "/api/v2/me"])
def test_what_is_not_there_under_api_is_json(app: Flask, path: str) -> None:
    assert error(app.test_client().get(path)) == (404, "not_found")


def test_head_and_options(house: House) -> None:
    at = house.visit("Hello").conversation_id
    for path in ("/me", f"/conversations/{at}", "/events", "/openapi.json"):
        head, get = (house.ada.call(method, path, buffered=False) for method in ("HEAD", "GET"))
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.headers.get("ETag") == get.headers.get("ETag")
        get.close()
    options = Caller(house.app).call("OPTIONS", f"/conversations/{at}")
    assert (options.status_code, options.get_data()) == (200, b"")
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PATCH"}
    assert error(Caller(house.app).call("OPTIONS", "/nothing")) == (404, "not_found")


def test_pages_elsewhere_cannot_call_for_agents(house: House) -> None:
    """An agent's token does not belong into a page, so no other origin may read what it gives."""
    for method in ("GET", "OPTIONS"):
        response = house.ada.call(method, "/me", headers={"Origin": "https://elsewhere.example"})
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control")]


def test_the_document_may_be_read_anywhere_and_kept(app: Flask) -> None:
    first = Caller(app).get("/openapi.json", headers={"Origin": "https://elsewhere.example"})
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = Caller(app).get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


def test_failures_say_nothing_about_the_inside(house: House, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.reading.conversation", lambda *_: 1 / 0)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    response = house.ada.get("/conversations/1")
    assert error(response) == (500, "internal")
    assert "division" not in response.text


@pytest.mark.parametrize("path", ["/join/a-secret-token", "/conversations/%0aforged%20line"])
def test_failures_leave_no_token_and_no_forged_line_in_the_log(
    house: House, app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for view in ("joining.look", "pages.conversation"):
        monkeypatch.setitem(app.view_functions, view, lambda **_: 1 / 0)
    assert app.test_client().get(path).status_code == 500
    (line,) = [record.message for record in caplog.records if record.message.startswith("Unforeseen")]
    assert "secret" not in line
    assert "\n" not in line
    assert path.split("/")[1] in line, "whoever reads it knows where"


def test_headers_of_every_answer(house: House) -> None:
    response = house.ada.get("/me")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
