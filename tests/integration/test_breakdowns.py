"""The report's breakdowns: who answered, about what, and when visitors write; and who may see whose figures."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from inbox import breakdowns, breakdowns_sql, reports_sql
from inbox.breakdowns import Breakdown, OfAgent, OfLabel
from inbox.reports import Period
from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name

# A Thursday, so that neither the day of the week nor the hour is the same in Hanoi.
THURSDAY = "timestamptz '2026-03-05 20:00:00+00'"
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def found(people: People, zone: str = "UTC") -> Breakdown:
    with people.services.reading() as connection:
        return breakdowns.breakdown(connection, people.ana, Period(*MARCH, zone))


def say(people: People, author: str, seconds: int, *, who: int | None = None, sent_by: int | None = None) -> None:
    """A message so many seconds after that Thursday evening, in a conversation that began then."""
    people.behind_the_back(
        "INSERT INTO message (project_id, conversation_id, author, author_id, sent_by, content, created_at)"
        f" SELECT project_id, id, '{author}', :who, :sent_by, 'x', {THURSDAY} + interval '{seconds} seconds'"
        " FROM conversation WHERE id = :conversation",
        who=who,
        sent_by=sent_by,
    )
    people.behind_the_back(f"UPDATE conversation SET created_at = {THURSDAY} WHERE id = :conversation")


def solve(people: People, who: int | None, seconds: int) -> None:
    """The status and its entry, as an agent or (None) the project's rule set them."""
    people.behind_the_back(
        "INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, actor_id, data, at)"
        f" SELECT project_id, id, version, 'status', :type, :who, CAST(:data AS jsonb),"
        f" {THURSDAY} + interval '{seconds} seconds' FROM conversation WHERE id = :conversation",
        type="agent" if who else "system",
        who=who,
        data={"from": "open", "to": "solved"},
    )
    people.behind_the_back("UPDATE conversation SET status = 'solved' WHERE id = :conversation")


def rate(people: People, score: int) -> None:
    people.behind_the_back(
        "INSERT INTO rating (project_id, conversation_id, visitor_id, solved_version, score, created_at)"
        f" SELECT project_id, id, visitor_id, version, :score, {THURSDAY} FROM conversation WHERE id = :conversation",
        score=score,
    )


def test_nothing_happened(people: People) -> None:
    assert found(people) == Breakdown([], [], [[0] * 24] * 7)


def test_who_answered(people: People) -> None:
    """The first person's time is theirs alone; a reply of the AI is whose who sent it, a rating whose who solved."""
    ana, ben = people.ana.id, people.ben.id
    say(people, "visitor", 0)
    say(people, "responder", 5)
    say(people, "agent", 90, who=ben)
    say(people, "responder", 100, sent_by=ana)
    say(people, "agent", 200, who=ana)
    solve(people, ana, 300)
    rate(people, 5)
    assert list(found(people).agents) == [
        OfAgent(ana, people.ana.name, 1, 2, None, 1, 1, 100.0),
        OfAgent(ben, people.ben.name, 1, 1, 90.0, 0, 0, None),
    ]


def test_notes_and_other_days_are_no_replies(people: People) -> None:
    say(people, "visitor", 0)
    say(people, "agent", 40 * 86400, who=people.ben.id)
    say(people, "agent", 60, who=people.ana.id)
    people.behind_the_back("UPDATE message SET private = true WHERE author_id = :ana", ana=people.ana.id)
    assert [(one.name, one.replies) for one in found(people).agents if one.replies] == []


def test_about_what(people: People) -> None:
    say(people, "visitor", 0)
    say(people, "responder", 5)
    people.behind_the_back("UPDATE conversation SET labels = '{refund,vip}' WHERE id = :conversation")
    assert list(found(people).labels) == [OfLabel(one, 1, 100.0, None, None) for one in ("refund", "vip")]
    say(people, "agent", 60, who=people.ben.id)
    solve(people, None, 7200)
    people.behind_the_back("UPDATE conversation SET labels = '{}' WHERE id = :conversation")
    assert list(found(people).labels) == [OfLabel(None, 1, 0.0, 60.0, 7200.0)]
    people.behind_the_back("UPDATE conversation SET status = 'open' WHERE id = :conversation")
    assert found(people).labels[0].until_solved is None, "it was reopened"


def test_when_visitors_write(people: People) -> None:
    """At 20:00 UTC on a Thursday it is 3 o'clock on Friday in Hanoi."""
    for seconds in (0, 1, 3600):
        say(people, "visitor", seconds)
    say(people, "agent", 2, who=people.ben.id)
    utc, hanoi = found(people).hours, found(people, "Asia/Ho_Chi_Minh").hours
    assert (utc[3][20], utc[3][21], sum(map(sum, utc))) == (2, 1, 3)
    assert (hanoi[4][3], hanoi[4][4], sum(map(sum, hanoi))) == (2, 1, 3)


def test_another_projects_are_its_own(people: People) -> None:
    other = People.arrive(people.services)
    say(other, "visitor", 0)
    say(other, "agent", 90, who=other.ben.id)
    solve(other, other.ben.id, 100)
    rate(other, 1)
    assert found(people) == Breakdown([], [], [[0] * 24] * 7)


def test_an_agent_sees_their_own_figures_alone(house: House, sit: Sit) -> None:
    at = f"/conversations/{house.visit('Hello').conversation_id}/messages"
    for who in (house.ada, house.ben):
        who.post(at, {"content": "Hello to you"})
    of = {who.id: who.get("/reports/breakdown").get_json()["agents"] for who in (house.ada, house.ben)}
    assert {one["name"] for one in of[house.ada.id]} == {"Ada", "Ben"}
    assert [one["name"] for one in of[house.ben.id]] == ["Ben"]
    page = sit(house.ben).open("/reports/breakdown")
    assert "You see your own figures" in page
    assert ">Ada<" not in page
    assert "Ada" not in sit(house.ben).client.get("/reports/breakdown/agents.csv").text


def test_over_the_api(house: House) -> None:
    house.visit("Hello")
    told = house.ben.get("/reports/breakdown?zone=Asia/Ho_Chi_Minh").get_json()
    assert (told["zone"], len(told["hours"]), sum(map(sum, told["hours"]))) == ("Asia/Ho_Chi_Minh", 7, 1)
    assert [(one["label"], one["conversations"]) for one in told["labels"]] == [(None, 1)]
    for bad in ("since=tomorrow", "zone=Mars", "since=2020-01-01", "x=1"):
        assert error(house.ben.get(f"/reports/breakdown?{bad}")) == (422, "invalid"), bad


def test_the_page_and_its_files(house: House, sit: Sit) -> None:
    """What a spreadsheet would run is quoted: a label may hold a visitor's words."""
    conversation = house.visit("Hello").conversation_id
    house.ben.patch(f"/conversations/{conversation}", {"labels": ["=cmd|' /C calc'!A0"]})
    house.ben.post(f"/conversations/{conversation}/messages", {"content": "Hello to you"})
    ada = sit(house.ada)
    words = shown(ada.open("/reports/breakdown"))
    assert "Ben 1 1" in words
    rows = {
        key: list(csv.reader(io.StringIO(ada.client.get(f"/reports/breakdown/{key}.csv?days=7").text)))
        for key in ("agents", "labels", "hours")
    }
    assert rows["agents"][0][:4] == ["agent_id", "name", "conversations", "replies"]
    assert rows["agents"][1][1:4] == ["Ben", "1", "1"]
    assert rows["labels"][1][:2] == ["'=cmd|' /C calc'!A0", "1"]
    assert len(rows["hours"]) == 8
    assert sum(int(count) for row in rows["hours"][1:] for count in row[1:]) == 1
    assert ada.client.get("/reports/breakdown/other.csv").status_code == 404
    assert "exported the report “Who answered”" in shown(ada.open("/settings/audit"))


def test_no_table_is_read_from_end_to_end(crowded: People) -> None:
    today = datetime.now(UTC).date()
    asked = {
        "project": crowded.project_id, "most": 9, **Period(today - timedelta(days=2), today, "UTC").asked(),
    }  # fmt: skip
    statements = (*breakdowns_sql.OF_AGENTS, breakdowns_sql.LABELS, breakdowns_sql.HOURS, reports_sql.UNTIL_SOLVED)
    with crowded.services.database.begin() as connection:
        for table, at in (("conversation", "created_at"), ("timeline_event", "at")):
            connection.execute(text(f"UPDATE {table} SET {at} = {at} - interval '1 year' WHERE id % 50 > 0"))
    with crowded.services.reading() as connection:
        connection.execute(text("ANALYZE"))
        for statement in statements:
            named = {name: value for name, value in asked.items() if name in statement._bindparams}
            assert scanned(connection, statement, **named) == set(), statement.text
