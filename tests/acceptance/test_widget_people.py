"""The widget when people come in: asked for, answering by name, rated, with files from both sides."""

from __future__ import annotations

import re
import struct
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from redis import Redis

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.shop import chat, shop, visit, write
from tests.acceptance.walking import ANA
from tests.product import wait_for

__all__ = ["shop", "visit"]  # fixtures, used by their names

FETCHED = re.compile("^blob:")  # with the visitor's token, into memory


def open_conversation(agent: Page, words: str) -> None:
    """The conversation with these words, found by the API that the page's session does not need."""
    agent.goto(agent.url.split("/", 3)[0] + "//" + agent.url.split("/")[2] + "/")
    agent.locator("#rows a").filter(has_text=words).first.click()
    expect(agent.get_by_label("Reply", exact=True)).to_be_visible()


def picture(width: int = 60, height: int = 40) -> bytes:
    rows = b"".join(b"\0" + b"\x50\x90\xc0" * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def listeners(house: House) -> int:
    """How many event streams the product says are open: each keeps somebody present."""
    with urllib.request.urlopen(house.product.run["url"] + "/metrics") as answer:
        found = re.search(r"^tandem_event_streams (\d+)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_asking_for_a_person(visit: Callable[..., Page], sign_in: SignIn, house: House) -> None:
    """Nobody is here: the widget says so, takes the words, hands off, and asks where to answer; a person then does."""
    wait_for("the agents of earlier walks to have left", lambda: listeners(house) == 0)
    with Redis.from_url(house.product.run["redis_url"]) as redis:
        redis.delete(*(f"tandem:{sign}:{house.product.run['project_id']}" for sign in ("here", "active")))
    page = visit(width=375)
    frame = chat(page)
    frame.get_by_role("button", name="Ask for a person").click()
    expect(frame.get_by_text("Nobody is here right now")).to_be_visible()
    expect(frame.get_by_label("What is it about?")).to_be_focused()
    keep(page, "widget-ask-person")
    frame.get_by_role("button", name="Hand it to a person").click()
    expect(frame.get_by_text("Write a few words")).to_be_visible()
    frame.get_by_label("What is it about?").fill("My parcel is broken.")
    frame.get_by_role("button", name="Hand it to a person").click()
    expect(frame.get_by_text("A person was asked to answer here")).to_be_visible()
    expect(frame.locator("#messages").get_by_text("My parcel is broken.")).to_be_visible()
    expect(frame.get_by_role("button", name="Ask for a person")).to_have_count(0)
    expect(frame.get_by_label("E-mail address")).to_be_visible()
    keep(page, "widget-person-asked")
    found = page.frames[-1].evaluate(Axe().axe_script + "; axe.run({iframes: false})")
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    module = "performance.getEntriesByType('resource').find((one) => one.name.endsWith('/names.js')).name"
    called = f"async (name) => (await import({module})).firstName(name)"
    names = {
        "Nguyễn Thị Lan": "Lan",
        "Trần Văn Bình": "Bình",
        "Ana López": "Ana",
        "Lê Mai": "Mai",
        "Lê": "Lê",
        "Le Roy": "Le",
    }
    assert {name: page.frames[-1].evaluate(called, name) for name in names} == names
    agent = sign_in(ANA)
    open_conversation(agent, "My parcel is broken.")
    expect(agent.locator("#timeline")).to_contain_text("asked for a person")
    expect(frame.locator("#messages .by-ai")).to_have_count(0)


def test_nobody_waits_for_the_ai_once_a_person_is_asked_for(visit: Callable[..., Page], house: House) -> None:
    house.model.hold()
    frame = chat(visit())
    write(frame, "Does the coat come in green?")
    expect(frame.locator("#writing")).to_be_visible()
    frame.get_by_role("button", name="Ask for a person").click()
    frame.get_by_role("button", name="Hand it to a person").click()
    expect(frame.get_by_text("A person was asked to answer here")).to_be_visible()
    expect(frame.locator("#writing")).to_be_hidden()
    house.model.release()


def test_a_person_by_name_then_a_rating(visit: Callable[..., Page], sign_in: SignIn, house: House) -> None:
    page = visit()
    frame = chat(page)
    write(frame, "I would like a person, please.")
    agent = sign_in(ANA)
    expect(frame.locator("#messages .by-ai")).to_be_visible()
    open_conversation(agent, "Visitor")
    agent.get_by_label("Reply", exact=True).fill("Hello, Ana here.")
    agent.locator("#composer").get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Hello, Ana here.")).to_be_visible()
    expect(frame.get_by_role("heading", name="Ana from Northfold")).to_be_visible()
    expect(frame.get_by_text("Ana joined; the AI has stepped back")).to_be_visible()
    keep(page, "widget-person")
    agent.get_by_label("Status", exact=True).select_option("solved")
    frame.get_by_role("button", name="4", exact=True).click()
    frame.get_by_label("Anything to add?").fill("Kind.")
    keep(page, "widget-rating")
    frame.get_by_role("button", name="Rate", exact=True).click()
    expect(frame.get_by_text("You gave 4 of 5")).to_be_visible()
    expect(agent.locator("#timeline")).to_contain_text("rated it 4 of 5: “Kind.”", timeout=20_000)
    expect(agent.get_by_label("Status", exact=True)).to_have_value("solved")


def test_files_from_both_sides(visit: Callable[..., Page], sign_in: SignIn, house: House, tmp_path: Path) -> None:
    (tmp_path / "shirt.png").write_bytes(picture())
    (tmp_path / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    page = visit()
    frame = chat(page)
    frame.get_by_label("Attach a file").set_input_files([tmp_path / "shirt.png", tmp_path / "drawing.svg"])
    expect(frame.get_by_role("button", name="Remove")).to_have_count(2)
    write(frame, "See the hole?")
    shown = frame.locator("#messages .visitor .picture img")
    expect(shown).to_have_attribute("src", FETCHED, timeout=20_000)
    shown.evaluate("image => image.decode()")
    with page.expect_download() as download:
        frame.get_by_role("button", name="drawing.svg").click()
    assert download.value.suggested_filename == "drawing.svg"
    agent = sign_in(ANA)
    expect(frame.locator("#messages .by-ai")).to_be_visible()
    open_conversation(agent, "Visitor")
    agent.locator("#messages .picture img").first.evaluate("image => image.decode()")
    agent.get_by_label("Attach a file").set_input_files(tmp_path / "shirt.png")
    expect(agent.locator("#attached").get_by_role("button")).to_have_count(1)
    agent.locator("#composer").get_by_role("button", name="Send").click()
    from_us = frame.locator("#messages .by-person .picture img")
    expect(from_us).to_have_attribute("src", FETCHED, timeout=20_000)
    from_us.evaluate("image => image.decode()")
    keep(page, "widget-files")
    keep(agent, "inbox-files")
