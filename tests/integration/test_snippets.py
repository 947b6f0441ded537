"""Snippets over the API and on their pages: managers make, change, forget and import them; everybody sees their use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox import snippets
from inbox.services import Services
from jobs import context
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader, shown
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name

Sit = Callable[[Caller], Reader]
PAGE = "/settings/snippets"
IMPORT = f"{PAGE}/import"


def make(house: House, title: str = "Returns", content: str = "Within 30 days.") -> dict[str, Any]:
    response = house.ada.post("/snippets", {"title": title, "content": content})
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def titles(house: House, query: str = "") -> list[str]:
    return [item["title"] for item in house.ben.get(f"/snippets{query}").get_json()["items"]]


def test_the_list_in_pages(house: House, other_house: House) -> None:
    for at in (house, house, house, other_house):
        make(at)
    page = house.ben.get("/snippets?limit=2").get_json()
    rest = house.ben.get(f"/snippets?limit=2&cursor={page['next_cursor']}").get_json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    ids = [item["id"] for item in page["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert error(house.ben.get("/snippets?cursor=x")) == (422, "invalid")


def test_search(house: House) -> None:
    make(house, "Returns", "Within 30 days, 100% of the price.")
    make(house, "Shipping", "Free_of charge.")
    assert titles(house, "?q=30 DAYS") == ["Returns"]
    assert titles(house, "?q=ship") == ["Shipping"]
    assert titles(house, "?q=0%25 of") == ["Returns"]
    assert titles(house, "?q=%25") == ["Returns"], "a percent sign is no wildcard"
    assert titles(house, "?q=_") == ["Shipping"]
    assert titles(house, "?q=nowhere") == []


def test_create(house: House) -> None:
    made = make(house, "  Returns \n of boots ", "Within 30 days.")
    assert (made["title"], made["version"], made["changed_by"]) == ("Returns of boots", 1, "Ada")
    response = house.ben.get(f"/snippets/{made['id']}")
    assert (response.get_json(), response.headers["ETag"]) == (made, '"1"')
    key = {"Idempotency-Key": "once"}
    twice = [house.ada.post("/snippets", {"title": "A", "content": "b"}, headers=key).get_json() for _ in range(2)]
    assert twice[0] == twice[1]
    assert titles(house).count("A") == 1


def test_edit(house: House) -> None:
    made = make(house)
    path = f"/snippets/{made['id']}"
    response = house.ada.patch(path, {"content": "Within 60 days."}, headers={"If-Match": '"1"'})
    assert response.headers["ETag"] == '"2"'
    assert response.get_json().items() >= {"title": "Returns", "content": "Within 60 days.", "version": 2}.items()
    stale = house.ada.patch(path, {"title": "Stale"}, headers={"If-Match": '"1"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["snippet"] == response.get_json() == house.ada.get(path).get_json()
    assert house.ada.patch(path, {"title": "Returns"}).get_json()["version"] == 2, "nothing changed, no version"
    assert house.ada.patch(path, {}).get_json()["version"] == 2


def test_delete(house: House) -> None:
    path = f"/snippets/{make(house)['id']}"
    assert error(house.ada.call("DELETE", path, headers={"If-Match": '"7"'})) == (412, "stale_version")
    response = house.ada.call("DELETE", path, headers={"If-Match": '"1"'})
    assert (response.status_code, response.data) == (204, b"")
    for call in (house.ada.get(path), house.ada.patch(path, {"title": "x"}), house.ada.call("DELETE", path)):
        assert error(call) == (404, "not_found")


@pytest.mark.parametrize(
    "bad",
    [
        {"title": "", "content": "x"}, {"title": " \n", "content": "x"}, {"title": "x", "content": ""},
        {"title": "x", "content": " "}, {"title": "x" * 201, "content": "x"}, {"title": "x", "content": "x" * 10_001},
        {"title": "\x00", "content": "x"}, {"title": "x", "content": "\ud800"}, {"title": 1, "content": "x"},
        {"title": None, "content": "x"}, {"title": "x"}, {"content": "x"},
    ],
)  # fmt: skip
def test_bad_snippets(house: House, bad: dict[str, Any]) -> None:
    assert error(house.ada.post("/snippets", bad)) == (422, "invalid")
    path = f"/snippets/{make(house)['id']}"
    if len(bad) == 2:
        assert error(house.ada.patch(path, bad)) == (422, "invalid")
    assert error(house.ada.patch(path, {"version": 3})) == (422, "unknown_field")


def test_agents_read_and_managers_write(house: House, other_house: House) -> None:
    made = make(house)
    path = f"/snippets/{made['id']}"
    for call in (
        house.ben.post("/snippets", {"title": "x", "content": "y"}),
        house.ben.patch(path, {"title": "x"}),
        house.ben.call("DELETE", path),
    ):
        assert error(call) == (403, "forbidden")
    assert house.ben.get(path).get_json() == made
    for method, where in (("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/uses")):
        more = {"json": {"title": "x"}} if method == "PATCH" else {}
        assert error(other_house.ada.call(method, where, **more)) == (404, "not_found")
    assert house.ben.get(path).get_json() == made


def answered(house: House, queue: ListQueue, here: Context, words: str) -> None:
    """A visitor's question with the reply of the offline responder."""
    house.visit(words, name="Leila")
    turns.run(here, queue.turns[-1])


@pytest.fixture
def here(settings: Any) -> Any:
    """A worker with the offline responder."""
    here = context.build(settings)
    yield here
    here.engine.dispose()


def test_what_a_snippet_was_used_for(
    house: House, other_house: House, sit: Sit, turn_queue: ListQueue, here: Context
) -> None:
    made = make(house, "Returning boots", "Boots can be returned within 30 days.")
    unused = make(house, "Opening hours", "Nine to five.")
    for words in ("Can I return boots?", "How do I return my boots?"):
        answered(house, turn_queue, here, words)
    items = house.ben.get(f"/snippets/{made['id']}/uses").get_json()["items"]
    assert [item["content"] for item in items] == [items[0]["content"]] * 2
    assert items[0]["message_id"] > items[1]["message_id"]
    assert house.ben.get(f"/snippets/{unused['id']}/uses").get_json() == {"items": [], "next_cursor": None}
    first = house.ben.get(f"/snippets/{made['id']}/uses?limit=1").get_json()
    rest = house.ben.get(f"/snippets/{made['id']}/uses?limit=1&cursor={first['next_cursor']}").get_json()
    assert first["items"] + rest["items"] == items
    ben = sit(house.ben)
    assert "Cited in 2 replies" in shown(ben.open(PAGE))
    page = ben.open(f"{PAGE}/{made['id']}")
    for item in items:
        link = f"/conversations/{item['conversation_id']}?view=all#message-{item['message_id']}"
        assert f'href="{link}"' in page
        assert f'id="message-{item["message_id"]}"' in ben.open(link)
    assert "No reply has cited it yet." in ben.open(f"{PAGE}/{unused['id']}")
    house.ada.call("DELETE", f"/snippets/{made['id']}")
    conversation = house.ada.get(f"/conversations/{items[0]['conversation_id']}/messages").get_json()["items"]
    assert conversation[-1]["citations"][0]["title"] == "Returning boots", "a reply keeps what it cited"


def test_the_queries_use_their_indexes(crowded: People) -> None:
    with crowded.services.database.begin() as connection:
        connection.execute(
            text(
                """INSERT INTO message (project_id, conversation_id, author, content, details)
                SELECT project_id, id, 'responder', 'x', jsonb_build_object('citations', jsonb_build_array(
                    jsonb_build_object('snippet_id', id, 'title', 'x'))) FROM conversation"""
            )
        )
    with crowded.services.reading() as connection:
        connection.execute(text("ANALYZE"))
        parameters = {"project": crowded.project_id, "before": 2**62, "limit": 20}
        assert scanned(connection, snippets.USES, snippet=7, **parameters) == set()
        statement = text(snippets.LISTED.format(more=""))
        assert scanned(connection, statement, counted=100, **parameters) == set()


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


def test_a_plan_that_was_overtaken_changes_nothing(house: House, services: Services, people: People) -> None:
    """The statement itself asks for the version that the plan saw."""
    with services.statement() as writing:
        made = snippets.create(writing.connection, people.ana, "Returns", "Within 30 days.")
        from inbox.importing import Section

        planned = snippets.plan(writing.connection, people.project_id, [Section(1, "Returns", "Within 60 days.")])
        snippets.edit(writing.connection, people.ana, made["id"], {"content": "Within 45 days."})
        assert snippets.bring_in(writing.connection, people.ana, planned) == (0, 0)
        assert snippets.find(writing.connection, people.project_id, made["id"])["content"] == "Within 45 days."


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
