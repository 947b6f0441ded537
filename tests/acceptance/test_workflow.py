"""The workflow's page in a browser: drawing, problems at their step, two managers, trying it, and all of it by keys."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import ask, open_newest

BEN = "ben@northfold.example"
PATH = "/settings/workflow"
DRAWN = "document.getElementById('picture')._cyreg.cy"


def in_hand(page: Page) -> None:
    """Take the picture in hand: the canvas comes in the place of the light one."""
    page.locator("#picture").hover()
    expect(page.locator("#picture canvas").first).to_be_visible()


def step(page: Page, name: str) -> Locator:
    """A step in the list beside the picture."""
    return page.get_by_role("list", name="Steps of the workflow").get_by_role("button", name=name)


def draft(page: Page) -> dict[str, Any]:
    """The draft as the JSON beside the picture has it."""
    found: dict[str, Any] = json.loads(page.locator("#json").input_value())
    return found


def holding(words: str) -> re.Pattern[str]:
    """A value that holds these words."""
    return re.compile(re.escape(words))


def rename(page: Page, old: str, new: str) -> None:
    step(page, old).click()
    page.get_by_label("Name", exact=True).fill(new)
    page.get_by_label("Name", exact=True).press("Tab")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save version").click()


@pytest.fixture
def manager(sign_in: SignIn) -> Page:
    """The workflow's page of a manager."""
    return sign_in(path=PATH)


def test_a_problem_is_shown_at_its_step(manager: Page) -> None:
    """Taking the way for `no` away marks the step in the list, in the form and in the picture, and saving waits."""
    step(manager, "About an order").click()
    manager.get_by_label("no leads to").select_option("")
    expect(step(manager, "About an order").get_by_text("1 problem")).to_be_visible()
    expect(manager.get_by_role("list", name="Problems here")).to_contain_text("no edge for 'no'")
    expect(manager.locator("#problems")).to_contain_text("About an order")
    expect(manager.get_by_role("button", name="Save version")).to_be_disabled()
    expect(manager.locator(".sketch .wrong .name")).to_have_count(2)
    expect(manager.locator(".sketch .ghost")).to_have_text("no edge for “no”")
    keep(manager, "workflow-sketch-problem")
    in_hand(manager)
    wrong = manager.evaluate(f"{DRAWN}.nodes('.wrong').map((node) => node.data('name'))")
    assert wrong == ["About an order or account?", "Questions about the shop"]  # nothing leads to the second any more
    assert manager.evaluate(f"{DRAWN}.nodes('.ghost').map((node) => node.data('name'))") == ["no edge for “no”"]
    keep(manager, "workflow-problem")
    manager.get_by_role("button", name="Undo").click()
    expect(manager.locator("#problems")).to_be_hidden()
    assert manager.evaluate(f"{DRAWN}.nodes('.wrong, .ghost').length") == 0
    manager.get_by_role("button", name="Redo").click()
    expect(step(manager, "About an order").get_by_text("1 problem")).to_be_visible()


def test_two_managers_save_and_nothing_is_lost(sign_in: SignIn) -> None:
    one, two = sign_in(path=PATH), sign_in(path=PATH)
    rename(one, "Their order or account", "Orders of Ana")
    rename(two, "Questions about the shop", "Shop of Ben")
    save(one)
    expect(one.get_by_text("is saved and answers")).to_be_visible()
    save(two)
    dialog = two.get_by_role("dialog")
    expect(dialog).to_contain_text("Yours was not saved")
    expect(dialog).to_contain_text("Orders of Ana differs.")
    expect(dialog.get_by_label("Theirs")).to_have_value(holding("Orders of Ana"))
    expect(dialog.get_by_label("Yours", exact=True)).to_have_value(holding("Shop of Ben"))
    keep(two, "workflow-conflict")
    dialog.get_by_role("button", name="Take theirs").click()
    expect(step(two, "Orders of Ana")).to_be_visible()
    two.get_by_role("button", name="Undo").click()  # one's own is one undo away
    expect(step(two, "Shop of Ben")).to_be_visible()
    save(two)
    expect(two.get_by_text("is saved and answers")).to_be_visible()
    one.reload()
    expect(step(one, "Shop of Ben")).to_be_visible()
    one.get_by_role("tab", name="Versions").click()
    expect(one.get_by_role("list", name="Saved versions").get_by_role("listitem").first).to_contain_text("current")


def test_the_json_and_the_picture_are_one_draft(manager: Page) -> None:
    manager.get_by_role("tab", name="JSON").click()
    text = draft(manager)
    text["nodes"].append({"id": "extra", "type": "llm", "data": {"label": "From JSON"}, "measured": {"width": 3}})
    box = manager.get_by_label("Workflow as JSON")
    box.fill(json.dumps(text))
    expect(manager.locator("#problems")).to_contain_text("No way leads here")
    in_hand(manager)
    assert manager.evaluate(f"{DRAWN}.$id('extra').length") == 1
    box.fill('{"nodes": [')
    expect(manager.locator("#json-fault")).to_contain_text("no valid JSON yet")
    expect(manager.get_by_role("button", name="Save version")).to_be_disabled()
    expect(box).to_have_value('{"nodes": [')
    box.fill(json.dumps(text))
    manager.get_by_role("tab", name="Steps").click()
    rename(manager, "From JSON", "Renamed")
    assert draft(manager)["nodes"][-1]["measured"] == {"width": 3}
    manager.reload()
    expect(manager.get_by_text("Your unsaved draft is back")).to_be_visible()
    expect(step(manager, "Renamed")).to_be_visible()


def test_everything_by_keyboard(manager: Page) -> None:
    """A new switch with a case is added, connected and saved, without a mouse."""
    keys = manager.keyboard
    shop = next(node["data"]["label"] for node in draft(manager)["nodes"] if node["id"] == "shop").split()[0]
    manager.get_by_role("button", name="Add switch").focus()
    keys.press("Enter")
    expect(manager.get_by_label("Name", exact=True)).to_be_focused()
    keys.press("Control+A")
    keys.type("Which request?")
    keys.press("Tab")
    expect(manager.get_by_label("Kind")).to_be_focused()
    keys.press("Tab")
    keys.type("Which request does the visitor make?")
    keys.press("Tab")
    expect(manager.get_by_label("Route of case 1")).to_be_focused()
    keys.press("Control+A")
    keys.type("order status")
    keys.press("Tab")
    keys.type("about an order")
    keys.press("Tab")
    manager.get_by_label("order status leads to").focus()
    chosen_from = manager.get_by_label("order status leads to").element_handle()
    with manager.expect_response("**/check"):
        keys.type("Their order")
    assert chosen_from.evaluate("list => list.isConnected"), "it would forget what was typed, and close"
    keys.press("Tab")  # the button that picks the target in the picture
    keys.press("Tab")
    expect(manager.get_by_label("default leads to", exact=True)).to_be_focused()
    keys.type(shop)
    keys.press("Tab")
    step(manager, "A visitor writes").focus()
    keys.press("Enter")
    manager.get_by_label("Leads to", exact=True).focus()
    keys.type("Which request?")
    keys.press("Tab")
    expect(manager.locator("#problems")).to_contain_text("No way leads here")
    step(manager, "About an order").focus()
    keys.press("Enter")
    keys.press("Delete")
    expect(step(manager, "About an order")).to_have_count(0)
    expect(manager.locator("#problems")).to_be_hidden()
    handles = {edge.get("sourceHandle") for edge in draft(manager)["edges"]}
    assert {"switch-order%20status", "switch-default"} <= handles
    keep(manager, "workflow-keyboard")
    for _ in range(12):
        keys.press("Control+z")
    expect(step(manager, "Which request?")).to_have_count(0)
    expect(step(manager, "About an order")).to_be_visible()


def test_try_it_shows_each_step_and_lands_nothing(manager: Page, house: House) -> None:
    manager.get_by_role("tab", name="Try it").click()
    manager.get_by_label("A message to try").fill("Where is my order NF-20418?")
    manager.get_by_role("button", name="Run").click()
    steps = manager.get_by_role("list", name="Steps of the trial").locator("> li")
    expect(steps.first).to_contain_text("yes")
    expect(steps).to_have_count(2)
    expect(manager.get_by_label("What the AI would say")).to_contain_text("Your parcel is on its way.")
    steps.first.get_by_text("Prompt and answer").click()
    expect(steps.first).to_contain_text("route_decision")
    expect(steps.first).to_contain_text("Does the customer ask about an order")
    keep(manager, "workflow-try")
    manager.goto(house.product.run["url"] + "/")
    expect(manager.get_by_text("Where is my order NF-20418?")).to_have_count(0)


def test_the_walk_of_a_conversation(visitor: Page, sign_in: SignIn) -> None:
    """The side panel has the path and where it stands; a person moves it and restarts it; the picture shows it."""
    ask(visitor, "Where is my order 20418?")
    expect(visitor.get_by_text("Your parcel is on its way.")).to_be_visible()
    agent = sign_in()
    open_newest(agent)
    path = agent.get_by_role("list", name="Path through the workflow")
    expect(path).to_contain_text("About an order or account? yes")
    expect(path.locator("[aria-current=step]")).to_contain_text("The end")
    agent.get_by_label("Workflow step").select_option(label="About an order or account?")
    agent.get_by_role("button", name="Move here").click()
    expect(path.locator("[aria-current=step]")).to_contain_text("About an order or account? stands here")
    expect(agent.locator(".timeline")).to_contain_text("moved the workflow to")
    keep(agent, "workflow-walk")
    agent.get_by_role("link", name="Show the picture").click()
    expect(agent.locator("#nodes").get_by_text("stands here")).to_be_visible()
    expect(agent.locator(".sketch .here .kind")).to_contain_text("stands here")
    in_hand(agent)
    assert agent.evaluate(f"{DRAWN}.nodes('.here').map((node) => node.data('name'))") == ["About an order or account?"]
    agent.go_back()
    agent.get_by_role("button", name="Restart").click()
    expect(path.locator("[aria-current=step]")).to_contain_text("The end")


def test_a_workflow_that_ships_is_a_start(manager: Page) -> None:
    """It becomes a draft that has no problem; undo brings the saved one back."""
    manager.get_by_role("tab", name="Versions").click()
    manager.get_by_role("button", name="Load Refunds and returns").click()
    manager.get_by_role("tab", name="Steps").click()
    expect(step(manager, "Where the refund stands")).to_be_visible()
    expect(manager.locator("#problems")).to_be_hidden()
    keep(manager, "workflow-shipped")
    manager.get_by_role("button", name="Undo").click()
    expect(step(manager, "About an order")).to_be_visible()


def test_others_look_only(sign_in: SignIn) -> None:
    agent = sign_in(BEN, PATH)
    expect(agent.get_by_text("Only managers change the workflow.")).to_be_visible()
    expect(agent.get_by_role("button", name="Save version")).to_have_count(0)
    step(agent, "A visitor writes").click()
    expect(agent.get_by_label("Name", exact=True)).to_be_disabled()


def test_a_step_in_hand_fits_a_phone(sign_in: SignIn) -> None:
    page = sign_in(path=PATH, width=375, dark=True)
    step(page, "About an order").click()
    keep(page, "workflow-step-narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
