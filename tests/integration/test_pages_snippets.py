"""The pages of snippets: made, edited beside a colleague, deleted, and imported in two steps."""

from __future__ import annotations

import pytest

from tests.integration.callers import House
from tests.integration.reader import Sit, shown
from tests.integration.test_snippets import make, titles

PAGE = "/settings/snippets"
IMPORT = f"{PAGE}/import"


def test_pages_make_edit_and_delete(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    assert "No snippets yet" in ada.open(PAGE)
    ada.open(f"{PAGE}/new")
    response = ada.send("", {"title": "<b>Returns</b>", "content": "\nWithin\n30 days."}, to=PAGE)
    assert response.status_code == 302
    page = ada.open(PAGE)
    assert "&lt;b&gt;Returns&lt;/b&gt;" in page
    assert "<b>Returns" not in page
    (item,) = house.ben.get("/snippets").get_json()["items"]
    assert item["content"] == "Within\n30 days."
    path = f"{PAGE}/{item['id']}"
    ada.open(path)
    assert ada.send("", {"title": "Returns"}, to=path).headers["Location"] == path
    assert titles(house) == ["Returns"]
    assert "Returns" in ada.open(f"{PAGE}?q=30 days")
    assert "No snippet holds" in ada.open(f"{PAGE}?q=40 days")
    assert "No snippet holds" in ada.open(f"{PAGE}?q=%00")
    ada.open(path)
    assert ada.send("", to=f"{path}/delete").status_code == 302
    assert titles(house) == []
    assert "The snippet is deleted." in ada.open(PAGE)


def test_two_managers_edit_one_snippet(house: House, sit: Sit) -> None:
    made = make(house)
    path = f"{PAGE}/{made['id']}"
    one, two, three = sit(house.ada), sit(house.ada), sit(house.ada)
    one.open(path), two.open(path), three.open(path)
    one.send("", {"content": "Within 60 days."}, to=path)
    response = two.send("", {"content": "Within 90 days."}, to=path)
    assert response.status_code == 409
    assert "Ada was faster." in shown(response.text)
    assert "Within 60 days." in shown(response.text)
    assert two.forms[path]["content"] == "Within 90 days."
    assert house.ada.get(f"/snippets/{made['id']}").get_json()["content"] == "Within 60 days."
    assert three.send("", to=f"{path}/delete").headers["Location"] == path
    assert house.ada.get(f"/snippets/{made['id']}").status_code == 200, "a stale delete is none either"
    assert two.send("", to=path).status_code == 302
    assert house.ada.get(f"/snippets/{made['id']}").get_json()["content"] == "Within 90 days."


def test_words_for_a_deleted_snippet_are_kept(house: House, sit: Sit) -> None:
    made = make(house)
    ada = sit(house.ada)
    ada.open(f"{PAGE}/{made['id']}")
    house.ada.call("DELETE", f"/snippets/{made['id']}")
    response = ada.send("", {"content": "Long words."}, to=f"{PAGE}/{made['id']}")
    assert response.status_code == 409
    assert ada.forms[PAGE].items() >= {"title": "Returns", "content": "Long words."}.items()
    ada.send("", to=PAGE)
    assert titles(house) == ["Returns"]


def test_bad_words_stay_in_the_form(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(f"{PAGE}/new")
    response = ada.send("", {"title": "", "content": "Words"}, to=PAGE)
    assert (response.status_code, ada.forms[PAGE]["content"]) == (422, "Words")
    assert "Give it a title of 1 to 200 characters." in shown(response.text)


def test_agents_only_read_the_pages(house: House, other_house: House, sit: Sit) -> None:
    made = make(house)
    path = f"{PAGE}/{made['id']}"
    ada, ben = sit(house.ada), sit(house.ben)
    assert "Within 30 days." in ben.open(path)
    assert ">Save<" not in ben.open(path)
    assert "Delete" not in ben.open(path)
    for where in (f"{PAGE}/new", IMPORT):
        assert ben.client.get(where).status_code == 403
    ada.open(path)
    token = ada.forms[path]["csrf_token"]
    for where in (PAGE, path, f"{path}/delete", IMPORT):
        assert ben.client.post(where, data={"csrf_token": token, "title": "x", "content": "y"}).status_code in {
            400,
            403,
        }
    ben.open(path)
    own = {"csrf_token": ben.forms[path]["csrf_token"], "title": "x", "content": "y", "version": "1"}
    for where in (PAGE, path, f"{path}/delete", IMPORT):
        assert ben.client.post(where, data=own).status_code == 403
    assert titles(house) == ["Returns"]
    stranger = sit(other_house.ada)
    for where in (path, f"{PAGE}/{2**63}", f"{PAGE}/0"):
        assert stranger.client.get(where).status_code == 404


MARKDOWN = "# Returns\nWithin 60 days.\n# Shipping\nFree.\n# Hours\nNine to five.\n# Shipping\nTwice\n"


def test_import_in_two_steps(house: House, sit: Sit) -> None:
    make(house, "RETURNS", "Within 30 days.")
    make(house, "Hours", "Nine to five.")
    ada = sit(house.ada)
    ada.open(IMPORT)
    response = ada.send(IMPORT, file=("ours.md", MARKDOWN.encode()))
    words = shown(response.text)
    assert "What ours.md would do" in words
    assert "1 new, 1 changed, 1 as they are; 1 problem" in words
    assert "Line 7 “Shipping” was there already, at line 3." in words
    assert sorted(titles(house)) == ["Hours", "RETURNS"], "looking at it imports nothing"
    assert ada.send("", to=IMPORT).status_code == 302
    assert "Imported: 1 new, 1 changed." in ada.open(PAGE)
    found = {item["title"]: item for item in house.ben.get("/snippets").get_json()["items"]}
    assert {title: item["content"] for title, item in found.items()} == {
        "Returns": "Within 60 days.", "Shipping": "Free.", "Hours": "Nine to five.",
    }  # fmt: skip
    assert (found["Returns"]["version"], found["Hours"]["version"]) == (2, 1)
    ada.open(IMPORT)
    again = ada.send(IMPORT, {"text": MARKDOWN})
    assert "0 new, 0 changed, 3 as they are" in shown(again.text)


def test_import_of_a_csv(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(IMPORT)
    ada.send(IMPORT, file=("ours.csv", b'\xef\xbb\xbftitle,body\r\nReturns,"Within\r\n60 days."\r\n=cmd(),x\r\n'))
    assert ada.send("", to=IMPORT).status_code == 302
    assert sorted(titles(house)) == ["=cmd()", "Returns"]


def test_an_import_does_what_was_shown_or_nothing(house: House, sit: Sit) -> None:
    """Between the look and the import somebody edits a snippet that it would change."""
    made = make(house, "Returns", "Within 30 days.")
    ada = sit(house.ada)
    ada.open(IMPORT)
    ada.send(IMPORT, {"text": "# Returns\nWithin 60 days.\n"})
    house.ada.patch(f"/snippets/{made['id']}", {"content": "Within 45 days."})
    response = ada.send("", to=IMPORT)
    assert "Snippets were changed meanwhile." in shown(response.text)
    assert house.ada.get(f"/snippets/{made['id']}").get_json()["content"] == "Within 45 days."
    assert ada.send("", to=IMPORT).status_code == 302, "they have seen it now"
    assert house.ada.get(f"/snippets/{made['id']}").get_json()["content"] == "Within 60 days."


def test_a_title_of_several_snippets_is_left_out(house: House, sit: Sit) -> None:
    make(house, "Returns", "One"), make(house, "returns", "Two")
    ada = sit(house.ada)
    ada.open(IMPORT)
    response = ada.send(IMPORT, {"text": "# Returns\nThree\n"})
    assert "left out: several snippets have this title" in shown(response.text)
    assert sorted(titles(house)) == ["Returns", "returns"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (("a.csv", b"\xff\xfe\x00"), "Line 1 The file is no UTF-8 text."),
        (("a.md", b"# A\nb\x00"), "Line 2 There are characters here that cannot be stored."),
        (("a.csv", b"name,text\nA,b\n"), "Line 1 The first line must name the columns title and body."),
        (("a.md", b""), "Line 1 There is no heading in it."),
        (("<script>.md", b"# <script>alert(1)</script>\n"), "There is no text under “<script>alert(1)</script>”."),
    ],
)
def test_files_that_cannot_be_imported(house: House, sit: Sit, file: tuple[str, bytes], words: str) -> None:
    ada = sit(house.ada)
    ada.open(IMPORT)
    response = ada.send(IMPORT, file=file)
    assert response.status_code == 422
    assert words in shown(response.text) or words in response.text.replace("&lt;", "<").replace("&gt;", ">")
    assert "<script>alert" not in response.text
    assert titles(house) == []


def test_a_file_that_is_too_large(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(IMPORT)
    assert ada.send(IMPORT, file=("a.md", b"# A\n" + b"x" * 240_001)).status_code == 422
    ada.open(IMPORT)
    assert ada.send(IMPORT, file=("a.md", b"# A\n" + b"x" * 300_000)).status_code == 413


def test_the_largest_import(house: House, sit: Sit) -> None:
    """As many and as long as the page says goes through both steps."""
    text = "".join(f"# Snippet {n}\n" + "wörter, \n" * 40 for n in range(500))
    ada = sit(house.ada)
    ada.open(IMPORT)
    response = ada.send(IMPORT, file=("a.md", text.encode()))
    assert "500 new" in shown(response.text)
    assert ada.send("", to=IMPORT).status_code == 302
    assert len(titles(house, "?limit=200")) == 200
