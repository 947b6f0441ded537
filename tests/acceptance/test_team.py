"""Running a team in a browser: a colleague joins by a link, a second factor with an app and with passkeys."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep

PASSWORD = "a long password of mine"


def join(manager: Page, open_page: SignIn, email: str, name: str) -> Page:
    """The manager makes a link, somebody else opens it."""
    manager.get_by_label("Their e-mail address").fill(email)
    manager.get_by_role("button", name="Make a link").click()
    manager.get_by_role("button", name="Copy", exact=True).click()
    expect(manager.get_by_role("button", name="Copied")).to_be_visible()
    link = manager.get_by_label("Link", exact=True).input_value()
    page = open_page(by_name(link))
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url("**/")
    return page


def by_name(link: str) -> str:
    """The path of a link."""
    return re.sub(r"^https?://[^/]+", "", link)


def named(house: House, page: Page, path: str) -> None:
    """Open a page by a name: browsers bind passkeys to names only."""
    page.goto(house.product.run["url"].replace("127.0.0.1", "localhost") + path)


def sign_in_at(page: Page, email: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def authenticator(page: Page) -> tuple[Any, str]:
    """A key in the browser that checks its owner; returns the way to speak to it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def add_passkey(page: Page, name: str) -> None:
    form = page.locator("#add-passkey")
    form.get_by_label("Name of the passkey").fill(name)
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Add a passkey").click()


def test_a_colleague_joins_and_leaves(sign_in: SignIn, open_page: SignIn) -> None:
    manager = sign_in(path="/settings/members")
    lan = join(manager, open_page, "lan@northfold.example", "Lan Phạm")
    keep(manager, "members-invited")
    expect(lan.get_by_role("list", name="Team")).to_contain_text("Lan Phạm")
    manager.goto(manager.url.partition("/settings")[0] + "/settings/members")
    row = manager.get_by_role("listitem").filter(has_text="lan@northfold.example")
    row.get_by_label("Role of Lan Phạm").select_option("manager")
    row.get_by_role("button", name="Set Lan Phạm").click()
    expect(manager.get_by_role("status")).to_contain_text("Lan Phạm is a manager now.")
    row.get_by_text("Remove", exact=False).first.click()
    row.get_by_role("button", name="Remove Lan Phạm").click()
    expect(manager.get_by_role("status")).to_contain_text("They are out of the team.")
    lan.reload()
    expect(lan.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_an_app_and_its_codes(sign_in: SignIn, open_page: SignIn) -> None:
    email = "otto@northfold.example"
    page = join(sign_in(path="/settings/members"), open_page, email, "Otto App")
    page.goto(page.url + "account")
    page.get_by_text("Set up an app").click()
    page.locator("#app-password").fill(PASSWORD)
    page.get_by_role("button", name="Show the picture to scan").click()
    app = pyotp.TOTP(page.locator(".secret").inner_text())
    assert page.locator(".scan img").evaluate("image => image.naturalWidth") > 100, "the picture is shown"
    keep(page, "second-factor-scan")
    page.get_by_label("The code that it shows now").fill(app.now())
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator(".paper li").all_inner_texts()
    assert len(codes) == 10
    keep(page, "second-factor-paper")

    other = open_page("/sign-in")
    sign_in_at(other, email)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    other.get_by_label("Code").fill("123456")
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_role("alert")).to_contain_text("This code is not right, or was used already.")
    keep(other, "second-step")
    other.get_by_label("Code").fill(codes[0])
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_label("Views")).to_be_visible()

    page.goto(page.url.partition("/account")[0] + "/account")
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("status")).to_contain_text("One session was ended.")
    other.reload()
    expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_the_report(sign_in: SignIn) -> None:
    """It draws its plots, says them as tables that fit a phone, and hands them on as files."""
    page = sign_in(path="/reports?days=7", width=375)
    expect(page.locator(".plot canvas").first).to_be_visible()
    plots = page.locator("[data-plot]").count()
    assert page.locator(".plot canvas").count() == plots >= 8
    expect(page.get_by_role("region", name="Races met", exact=True)).to_contain_text("0 lost updates")
    for table in page.locator(".plot details").all():
        table.evaluate("details => { details.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, "report-tables-narrow")
    with page.expect_download() as download:
        page.locator(".plot a[download]").first.click()
    assert download.value.suggested_filename.startswith("tandem-volume-")


def test_passkeys(sign_in: SignIn, open_page: SignIn, house: House) -> None:
    """Two are added, one signs in alone and as the second step, both are removed; then the password is enough."""
    email = "paz@northfold.example"
    join(sign_in(path="/settings/members"), open_page, email, "Paz Key")
    page = open_page("/sign-in")
    session, first = authenticator(page)
    named(house, page, "/sign-in")
    sign_in_at(page, email)
    page.wait_for_url("**/")
    named(house, page, "/account")
    add_passkey(page, "Laptop")
    expect(page.locator(".paper li")).to_have_count(10)
    page.get_by_role("link", name="I have them").click()
    expect(page.locator(".members b", has_text="Laptop")).to_be_visible()
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first})
    session, second = authenticator(page)
    page.reload()
    add_passkey(page, "Telephone")
    expect(page.locator(".members b", has_text="Telephone")).to_be_visible()
    keep(page, "passkeys")

    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    named(house, page, "/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in_at(page, email)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")

    named(house, page, "/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": second, "isUserVerified": False})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": second, "isUserVerified": True})
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/")
    named(house, page, "/account")
    for name in ("Laptop", "Telephone"):
        row = page.get_by_role("listitem").filter(has_text=name).last
        row.get_by_text("Remove").first.click()
        row.get_by_label("Your password").fill(PASSWORD)
        row.get_by_role("button", name="Remove it").click()
        expect(page.locator(".members b", has_text=name)).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in_at(page, email)
    page.wait_for_url("**/")
