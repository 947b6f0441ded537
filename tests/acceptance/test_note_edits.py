"""A note that whoever wrote it edits in the browser: in its place, by hand and by key, beside a colleague."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import keep
from tests.acceptance.test_taking_back import say
from tests.acceptance.walking import two

__all__ = ["two"]  # a fixture, used by its name

# How high the writer's name is, and how far below it stands that the note was edited.
LAID = """() => {
    const [name, edited] = ["b", ".edited"].map((one) => document.querySelector(`#messages .note .meta ${one}`));
    return [name.offsetHeight, edited.getBoundingClientRect().top - name.getBoundingClientRect().bottom];
}"""


def test_a_note_is_edited_by_hand(two: tuple[Page, Page]) -> None:
    """A colleague has the new words at once, and no button; what is typed survives a reload."""
    ana, ben = two
    say(ana, "She called thrice.", "Note")
    note = ana.locator("#messages .note")
    note.hover()
    note.get_by_role("button", name="Edit this note").click()
    words = ana.get_by_label("The words of your note")
    expect(words).to_be_focused()
    expect(words).to_have_value("She called thrice.")
    expect(note.locator(".bubble")).to_be_hidden()
    ana.keyboard.type(" Or twice.")
    keep(ana, "note-edited")
    ana.reload()
    expect(words).to_have_value("She called thrice. Or twice.")
    words.fill("She called twice, @Ben Osei.")
    words.press("Control+Enter")
    for page in two:
        expect(page.locator("#messages .note .bubble")).to_have_text("She called twice, @Ben Osei.")
        expect(page.locator("#messages .note .meta")).to_contain_text("edited")
        expect(page.locator("#notes")).to_contain_text("She called twice, @Ben Osei.")
    expect(ana.locator("#messages .note .when")).to_be_focused()
    expect(ben.get_by_role("button", name="Edit this note")).to_have_count(0)
    ana.reload()
    expect(words).to_have_count(0)


def test_a_note_is_edited_by_key(two: tuple[Page, Page]) -> None:
    """The newest of one's own; what cannot be saved stays in the field, and what is left as it was is so."""
    ana, ben = two
    ben.locator("#conversation").focus()
    ben.keyboard.press("E")
    expect(ben.get_by_text("There is no note of yours here.")).to_be_visible()
    say(ana, "She called thrice.", "Note")
    ana.get_by_label("Reply", exact=True).press("Escape")
    ana.keyboard.press("E")
    words = ana.get_by_label("The words of your note")
    words.fill("She called.")
    ana.context.set_offline(True)
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(ana.get_by_text("It could not be saved. Try again.")).to_be_visible()
    expect(words).to_have_value("She called.")
    ana.context.set_offline(False)
    ana.get_by_role("button", name="Leave as it was").click()
    expect(ana.locator("#messages .note .bubble")).to_have_text("She called thrice.")
    expect(ana.locator("#messages .note .when")).to_be_focused()
    ana.keyboard.press("E")
    expect(words).to_have_value("She called thrice.")


def test_an_edited_note_on_a_phone(two: tuple[Page, Page]) -> None:
    """That it was edited has a line of its own: nothing of the first is squeezed."""
    ana, _ben = two
    say(ana, "She called thrice.", "Note")
    ana.get_by_label("Reply", exact=True).press("Escape")
    ana.keyboard.press("E")
    ana.get_by_label("The words of your note").press("Control+Enter")  # the same words: nothing was edited
    expect(ana.locator("#messages .note .bubble")).to_be_visible()
    expect(ana.locator("#messages .note .edited")).to_have_count(0)
    ana.keyboard.press("E")
    ana.get_by_label("The words of your note").fill("She called twice.")
    ana.get_by_label("The words of your note").press("Control+Enter")
    expect(ana.locator("#messages .note .edited")).to_be_visible()
    ana.set_viewport_size({"width": 390, "height": 844})
    keep(ana, "note-edited-phone")
    height, below = ana.evaluate(LAID)
    assert height < 24  # one line
    assert below > -1
