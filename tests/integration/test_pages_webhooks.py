"""The webhooks' pages: the secret is shown once, nothing that was typed is lost, the log says what came back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit, shown

PATH = "/settings/webhooks"
GIVEN: dict[str, str | None] = {"url": "https://example.com/hook", "description": "Orders"}


def made(house: House, sit: Sit) -> tuple[Reader, int, str]:
    """A reader before a new webhook, its id and its secret."""
    ada = sit(house.ada)
    ada.open(PATH + "/new")
    answer = ada.send(PATH, GIVEN, to=PATH)
    secret = re.search(r'value="(whsec_[^"]+)"', answer.text)
    assert secret
    return ada, house.ada.get("/webhooks").get_json()["items"][0]["id"], secret.group(1)


def test_the_secret_is_shown_once(house: House, sit: Sit) -> None:
    ada, number, secret = made(house, sit)
    for path in (PATH, f"{PATH}/{number}"):
        assert secret not in ada.open(path)
    replaced = ada.send(f"{PATH}/{number}/rotate", to=f"{PATH}/{number}/rotate")
    assert "whsec_" in replaced.text
    assert secret not in replaced.text


@pytest.mark.parametrize(("url", "is_told"), [("http://127.0.0.1/x", True), ("https://shop.example/x", False)])
def test_an_internal_address_is_told(house: House, sit: Sit, url: str, is_told: bool) -> None:
    made = house.ada.post("/webhooks", {"url": url}).get_json()
    page = sit(house.ada).open(f"/settings/webhooks/{made['id']}")
    assert ("Nothing is sent there: it is an internal address." in page) == is_told
    assert ("TANDEM_PRIVATE_NETWORKS" in page) == is_told


def test_what_cannot_be_saved_is_shown_again(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(PATH + "/new")
    answer = ada.send(PATH, {"url": "nonsense", "description": "Orders"}, to=PATH)
    assert answer.status_code == 422
    assert 'value="nonsense"' in answer.text
    assert "begins with https://" in answer.text


def test_two_managers_at_once(house: House, sit: Sit) -> None:
    ada, number, _ = made(house, sit)
    path = f"{PATH}/{number}"
    ada.open(path)
    house.ada.patch(f"/webhooks/{number}", {"description": "Theirs"})
    answer = ada.send(path, {"description": "Mine"}, to=path)
    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    assert house.ada.get(f"/webhooks/{number}").get_json()["description"] == "Theirs"
    assert ada.send(path, to=path).status_code == 302
    assert house.ada.get(f"/webhooks/{number}").get_json()["description"] == "Mine"


def test_words_for_a_deleted_webhook_are_kept(house: House, sit: Sit) -> None:
    ada, number, _ = made(house, sit)
    ada.open(f"{PATH}/{number}")
    house.ada.call("DELETE", f"/webhooks/{number}")
    answer = ada.send(f"{PATH}/{number}", {"description": "Mine"}, to=f"{PATH}/{number}")
    assert answer.status_code == 409
    assert "Somebody deleted this webhook" in shown(answer.text)
    assert ada.forms[PATH]["description"] == "Mine"


def test_the_log_and_sending_once_more(house: House, sit: Sit, services: Services) -> None:
    ada, number, _ = made(house, sit)
    ada.open(f"{PATH}/{number}")
    ada.send(f"{PATH}/{number}/test", to=f"{PATH}/{number}/test")
    tried = '[{"at": "2026-01-25T10:00:00+00:00", "status": 500, "fault": null, "ms": 12, "said": "<b>no</b>"}]'
    with services.database.begin() as connection:
        connection.execute(
            text("UPDATE webhook_delivery SET state = 'failed', tries = CAST(:tries AS jsonb)"), {"tries": tried}
        )
        delivery = connection.execute(text("SELECT id FROM webhook_delivery")).scalar_one()
    assert "Given up 500 12 ms" in shown(ada.open(f"{PATH}/{number}"))
    path = f"{PATH}/{number}/deliveries/{delivery}"
    page = ada.open(path)
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    ada.send(f"{path}/replay", to=f"{path}/replay")
    assert house.ada.get(path.removeprefix("/settings")).get_json()["state"] == "waiting"


def test_others_read_only(house: House, sit: Sit) -> None:
    _, number, _ = made(house, sit)
    ben = sit(house.ben)
    page = ben.open(f"{PATH}/{number}")
    assert "https://example.com/hook" in page
    assert not any(address != f"{PATH}/{number}" for address in ben.forms)
    assert "Save" not in page
    assert ben.client.get(PATH + "/new").status_code == 403


def test_what_managers_did_is_written_down(house: House, sit: Sit, services: Services) -> None:
    ada, number, _ = made(house, sit)
    ada.open(f"{PATH}/{number}")
    ada.send(f"{PATH}/{number}", {"description": "Other"}, to=f"{PATH}/{number}")
    house.ada.post(f"/webhooks/{number}/rotate")
    house.ada.call("DELETE", f"/webhooks/{number}")
    with services.reading() as connection:
        rows = connection.execute(
            text("SELECT kind, subject, data FROM audit_entry WHERE kind <> 'signed_in' ORDER BY id")
        ).all()
    assert [row.kind for row in rows] == ["webhook_created", "webhook_changed", "webhook_rotated", "webhook_deleted"]
    assert {row.subject for row in rows} == {"https://example.com/hook"}
    assert rows[1].data == {"changed": {"description": {"from": "Orders", "to": "Other"}}}
