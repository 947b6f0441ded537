"""The search for snippets: full text first, trigrams for what it misses, one project only; cited and shown."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from inbox.services import Services
from jobs import knowledge, snapshot
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import House
from tests.integration.reader import Sit, shown
from tests.model_server import ModelServer, says
from tests.people import People
from tests.turns import begun

SNIPPETS = {
    "Returns": "Guests may return anything within 30 days.",
    "Waterproof boots": "Our boots are waterproof. Wax them twice a year.",
    "Đổi trả hàng": "Quý khách có thể đổi trả trong vòng 30 ngày.",
    "Rücksendung": "Sie können innerhalb von 30 Tagen zurückgeben.",
}


@pytest.fixture
def stocked(house: House) -> House:
    """A house that knows something."""
    for title, content in SNIPPETS.items():
        assert house.ada.post("/snippets", {"title": title, "content": content}).status_code == 201
    return house


def found(services: Services, house: House, query: str) -> list[str]:
    with services.reading() as connection:
        return [one.title for one in knowledge.search(connection, house.project_id, query)]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("How do I return my shoes?", "Returns"), ("Are the boots waterproof?", "Waterproof boots"),
        ("boot", "Waterproof boots"), ("waterprof bots", "Waterproof boots"), ("retrun", "Returns"),
        ("tôi muốn đổi trả", "Đổi trả hàng"), ("Rücksendungen", "Rücksendung"),
        ("'; DROP TABLE snippet; -- returns", "Returns"), ("returns & ! | ( :*", "Returns"),
    ],
)  # fmt: skip
def test_what_fits_best_comes_first(services: Services, stocked: House, query: str, best: str) -> None:
    assert found(services, stocked, query)[:1] == [best]


@pytest.mark.parametrize("query", ["", "   ", "the of and", "?!", "\\", "xyzzy", "\U0001f97e", "q" * 5000])
def test_nothing_fits(services: Services, stocked: House, query: str) -> None:
    assert found(services, stocked, query) == []


def test_another_projects_knowledge_is_not_found(services: Services, stocked: House, other_house: House) -> None:
    assert found(services, other_house, "How do I return my shoes?") == []
    assert found(services, other_house, "retrun") == []


def test_at_most_six(services: Services, house: House) -> None:
    for number in range(10):
        house.ada.post("/snippets", {"title": f"Returns {number}", "content": "Within 30 days."})
    assert len(found(services, house, "returns")) == knowledge.FOUND


def test_a_reply_cites_and_the_page_shows_it(
    stocked: House, worker: Context, model_server: ModelServer, turn_queue: ListQueue, sit: Sit, services: Services
) -> None:
    """In the message's details, over the API, under the reply; and what the turn cost stands beside it."""
    visitor = stocked.visit("How do I return my shoes?")
    model_server.script(says("Within 30 days.\nSources: 1"))
    turns.run(worker, turn_queue.turns[-1])
    at = f"/conversations/{visitor.conversation_id}"
    message = stocked.ada.get(f"{at}/messages").get_json()["items"][-1]
    assert (message["content"], [one["title"] for one in message["citations"]]) == ("Within 30 days.", ["Returns"])
    with services.reading() as connection:
        details = connection.execute(text("SELECT details FROM message WHERE author = 'responder'")).scalar_one()
    assert details["citations"][0]["title"] == "Returns"
    turn = stocked.ada.get(f"{at}/turns").get_json()["items"][0]
    assert (turn["model"], turn["endpoint"], turn["prompt_tokens"]) == ("fake", model_server.url, 7)
    assert 0 < turn["first_token_ms"] <= turn["model_ms"]
    page = sit(stocked.ben).open(at)
    assert '<span class="chip cite"><b>1</b><span>Returns</span></span>' in page
    words = shown(page)
    assert f"Model fake Server {model_server.url} Tokens 7 in, 3 out First token" in words


def test_the_search_goes_by_its_index(services: Services, house: House, other_house: House) -> None:
    """Among 4,000 snippets of two projects, none is read that holds none of the words."""
    fill = """
        INSERT INTO snippet (project_id, title, content)
        SELECT project, 'Entry ' || n, (SELECT string_agg(md5((n * 31 + k)::text), ' ') FROM generate_series(1, 12) k)
        FROM generate_series(1, 2000) n, unnest(CAST(:projects AS bigint[])) AS project"""
    with services.database.begin() as connection:
        connection.execute(text(fill), {"projects": [house.project_id, other_house.project_id]})
    house.ada.post("/snippets", {"title": "Returns", "content": "Within 30 days."})
    with services.statement() as writing:
        writing.connection.execute(text("VACUUM ANALYZE snippet"))
    with services.reading() as connection:
        parameters = {"project": house.project_id, "query": "How do I return my shoes?", "limit": 6}
        plan = "\n".join(connection.execute(text("EXPLAIN " + knowledge.SEARCH.text), parameters).scalars())
    assert "snippet_search" in plan
    assert "Seq Scan on snippet" not in plan
    assert found(services, house, "How do I return my shoes?") == ["Returns"]
    scanned = text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'snippet'")
    with services.database.begin() as connection:
        assert [one.title for one in knowledge.search(connection, house.project_id, "retrun")] == ["Returns"]
        assert connection.execute(scanned).scalar_one() == 0


def test_a_project_that_knows_nothing_is_not_searched(people: People) -> None:
    """A turn is told with all else that it reads whether there is anything to search."""
    turn_id = people.visitor_writes()
    with people.services.statement() as writing:
        work = begun(writing.connection, turn_id)
        assert not work.has_snippets
        insert = text("INSERT INTO snippet (project_id, title, content) VALUES (:project, 'Returns', '30 days.')")
        writing.connection.execute(insert, {"project": people.project_id})
        again = snapshot.read(writing.connection, work.claimed)
        assert again is not None
        assert again.has_snippets
