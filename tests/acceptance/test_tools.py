"""A manager's way to a tool in a browser: allow its host, define it, try it; nothing is wider than the screen."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.acceptance.conftest import SignIn, keep

SCHEMA = '{"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}'


def test_a_tool_from_its_host_to_its_end(sign_in: SignIn) -> None:
    host, tool = "parcels.invalid", "where_is_the_parcel"
    page = sign_in(None, "/settings/tools", width=375, dark=True)
    page.get_by_label("Host", exact=True).fill(f"https://{host}/")
    page.get_by_role("button", name="Allow it").click()
    expect(page.get_by_text("is no host, such as api.example.com")).to_be_visible()
    page.get_by_label("Host", exact=True).fill(host)
    page.get_by_role("button", name="Allow it").click()
    expect(page.get_by_role("button", name=f"Remove {host}")).to_be_visible()
    keep(page, "tools-narrow")
    page.get_by_role("link", name="New tool").click()
    page.get_by_label("Name").fill(tool)
    page.get_by_label("Description").fill("Where an order is, by its number.")
    page.get_by_label("Arguments as JSON Schema").fill(SCHEMA)
    page.get_by_label("Address").fill(f"https://{host}/orders")
    page.get_by_label("Header for a secret").fill("Authorization")
    page.get_by_label("Secret", exact=True).fill("Bearer xyzzy-0123")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("One is stored, and is never shown.")).to_be_visible()
    expect(page.get_by_label("Secret", exact=True)).to_have_value("")
    assert "xyzzy" not in page.content()
    page.get_by_role("button", name="Call it").click()
    expect(page.get_by_text("It failed: its host is not known.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, "tool-narrow")
    settings = page.url.partition("/tools")[0]
    page.goto(f"{settings}/workflow")
    expect(page.get_by_role("checkbox", name=tool)).to_be_attached()
    page.goto(f"{settings}/tools")
    page.get_by_role("link", name=tool).click()
    page.get_by_text("Delete this tool").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The tool and its secret are deleted.")).to_be_visible()
    page.get_by_role("button", name=f"Remove {host}").click()
    expect(page.get_by_text(f"Tools may not call {host} any more.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
