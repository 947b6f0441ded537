"""Search: over messages, notes and visitors, with operators, in one project only, and whatever is typed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from inbox import list_rows, search
from inbox.listed import Filter
from inbox.listed_words import pages
from inbox.search_ways import Way
from inbox.services import Services
from tests.integration.callers import House
from tests.people import People

HOSTILE = [
    "'", "''", "\\", "\\'", "':*", "& | !", "<->", "a & ", "(", ")", "a:*b", "%", "_", "%%%", '"', '""', "from:", ":",
    "from:%", "from:'", "label:'{}", "label:{", "assignee:'", "before:0000-00-00", "before:9999-12-31",
    "before:0001-01-01", "status:", "reason:'", "x" * 5000, "a " * 500, "\U0001f600", "\u202e", "ﷺ" * 200, "-", "--",
    "$$", "?", "%s", "%(words)s", ":words", "\t\n", "'; DROP TABLE message; --", "<script>", "a<b>c", "NULL", "٣", "Ⅷ",
]  # fmt: skip


def found(house: House, q: str, more: str = "") -> list[int]:
    response = house.ada.get(f"/conversations?{urlencode({'q': q})}{more}")
    assert response.status_code == 200, (q, response.text)
    return [item["id"] for item in response.get_json()["items"]]


@pytest.fixture
def three(house: House) -> tuple[int, int, int]:
    """Leila, Tom and Đức have written."""
    visits = (
        house.visit("The Harbour coat has not arrived.", "Order NF-20418.", name="Leila Haddad", email="l@example.org"),
        house.visit("The refund form gives me an error.", name="Tom Okafor"),
        house.visit("Mình muốn đổi áo len từ size M sang L.", name="Đức Phạm", email="duc@example.com"),
    )
    a, b, c = (one.conversation_id for one in visits)
    return a, b, c


def test_words_are_found_by_their_beginning(house: House, other_house: House, three: tuple[int, int, int]) -> None:
    leila, tom, duc = three
    other_house.visit("The Harbour coat", name="Leila")
    house.ben.post(f"/conversations/{tom}/messages", {"content": "He called about the harbour tour.", "private": True})
    for q, expected in {
        "harbour": [tom, leila], "HARBOUR coat": [leila], "harb": [leila, tom], "coat form": [], "nf-20418": [leila],
        "20418": [leila], "đổi áo": [duc], "okafor": [tom], "leila": [leila], "kafo": [tom], "l@example.org": [leila],
        "example.com": [duc], "Le": [leila, duc], '"has not arrived"': [leila], '"not has"': [],
    }.items():  # fmt: skip
        assert sorted(found(house, q)) == sorted(expected), q


def test_operators(house: House, three: tuple[int, int, int]) -> None:
    leila, tom, duc = three
    house.ada.patch(f"/conversations/{leila}", {"assignee_id": house.ben.id, "labels": ["vip", "two words"]})
    house.ada.patch(f"/conversations/{tom}", {"status": "solved", "assignee_id": house.ada.id, "priority": "high"})
    for q, expected in {
        "from:leila": [leila], "from:Haddad": [leila], "from:leila from:tom": [leila, tom], "from:leila refund": [],
        "assignee:me": [tom], "assignee:ben": [leila], "assignee:none": [duc], "assignee:none assignee:me": [duc, tom],
        "assignee:nobodyhere": [], "status:solved": [tom], "status:open status:solved": [leila, tom, duc],
        "label:vip": [leila], 'label:vip label:"two words"': [leila], "label:vip label:x": [], "priority:high": [tom],
        "before:2020-01-01": [], "before:9999-12-31 size": [duc], "status:solved refund": [tom],
        "status:open refund": [],
    }.items():  # fmt: skip
        assert sorted(found(house, q)) == sorted(expected), q
    assert found(house, "refund", "&status=open") == []
    assert found(house, "refund", "&status=solved&assignee=me") == [tom]


def test_the_reason_of_the_last_hand_off(house: House, services: Services, three: tuple[int, int, int]) -> None:
    statement = text(
        "INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data) VALUES"
        " (:project, :id, :version, 'handed_off', 'responder', jsonb_build_object('reason', CAST(:why AS text)))"
    )
    with services.database.begin() as connection:
        connection.execute(
            text("UPDATE conversation SET responder_state = 'handed_off' WHERE id <> :id"), {"id": three[2]}
        )
        for number, version, why in ((three[0], 2, "asked"), (three[0], 3, "model_failed"), (three[1], 2, "asked")):
            values = {"project": house.project_id, "id": number, "version": version, "why": why}
            connection.execute(statement, values)
    assert found(house, "reason:asked") == [three[1]]
    assert found(house, "reason:model_failed reason:asked") == [three[1], three[0]]


@pytest.mark.parametrize("q", HOSTILE)
def test_nothing_that_is_typed_fails(house: House, three: tuple[int, int, int], q: str) -> None:
    found(house, q)
    found(house, f"{q} order {q}")


def test_what_is_deleted_is_not_found(house: House, services: Services, three: tuple[int, int, int]) -> None:
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM message WHERE content LIKE 'The refund%'"))
        assert connection.execute(text("SELECT count(*) FROM message_search")).scalar_one() == 3
    assert found(house, "refund") == []


FILL = """
WITH v AS (
    INSERT INTO visitor (project_id, name, email)
    SELECT :project, 'Visitor' || n, 'v' || n || '@example.com' FROM generate_series(1, :many) AS n RETURNING id),
c AS (
    INSERT INTO conversation (project_id, visitor_id, labels, priority)
    SELECT :project, id, ARRAY[CASE id % 500 WHEN 0 THEN 'x' ELSE 'y' END],
        CASE id % 500 WHEN 0 THEN 'high' ELSE 'low' END FROM v RETURNING id)
INSERT INTO message (project_id, conversation_id, author, content)
SELECT :project, c.id, 'visitor', 'order ' || md5(c.id::text) FROM c, generate_series(1, 4)
"""


INDEXES = {
    "message_search_words", "visitor_words", "conversation_list", "conversation_label_pkey",
    "conversation_priority_pkey",
}  # fmt: skip
TYPED = ["c4ca", "from:visitor4999", "tor4999", "status:open c4ca", "order", "label:x", "priority:high"]


@pytest.mark.parametrize("typed", TYPED)
def test_a_search_goes_by_its_indexes(people: People, typed: str) -> None:
    with people.services.database.begin() as connection:
        connection.execute(text(FILL), {"project": people.project_id, "many": 5000})
    with people.services.reading() as connection:
        connection.execute(text("VACUUM ANALYZE"))
        page = next(pages(connection, people.project_id, Filter(search=search.parse(typed))))
        explained = text("EXPLAIN (FORMAT JSON) " + page.sql)
        plan = connection.execute(explained, page.parameters).scalar_one()[0]["Plan"]
        used, scanned = nodes(plan)
        assert scanned == set()
        assert used & INDEXES, used


SAYS = "(m.content ~* '\\m{0}' OR v.name ILIKE '%{0}%')"
PLAIN = """
SELECT DISTINCT c.active_at, c.id FROM conversation c JOIN visitor v ON v.id = c.visitor_id
JOIN message m ON m.conversation_id = c.id WHERE {} ORDER BY 1 DESC, 2 DESC
"""


WAYS = [Way(True), Way(True, by_name=True), Way(False), Way(False, asked=(0,)), Way(False, by_sender=True)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("refund", SAYS.format("refund")),
        ("leila", SAYS.format("leila")),
        ("parcel from:leila", SAYS.format("parcel") + " AND v.name ILIKE '%leila%'"),
        ("nf-204 status:open", "m.content ILIKE '%nf-204%' AND c.status = 'open'"),
        ("label:vip refund", SAYS.format("refund") + " AND c.labels = '{vip}'"),
        ("parc ref", r"m.content ~* '\mparc' AND m.content ~* '\mref'"),
    ],
)
def test_each_way_finds_what_a_plain_look_at_all_finds(
    house: House, services: Services, way: Way, typed: str, plain: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["The refund of NF-204.", "A parcel, no refund.", "NF-2 04 is late", "Where is my parcel?"]
    with services.database.begin() as connection:  # a stretch for every second message
        connection.execute(text("ALTER SEQUENCE message_id_seq INCREMENT BY 9000"))
    for number in range(24):
        house.visit(said[number % 4], name=["Leila Haddad", "Tom Okafor", "Ana"][number % 3])
    with services.database.begin() as connection:
        connection.execute(text("UPDATE conversation SET labels = '{vip}' WHERE id % 5 = 0"))
        known = [row.id for row in connection.execute(text(PLAIN.format(plain)))]
    wanted = Filter(search=search.parse(typed), limit=3)
    assert len(known) > 1
    if way.by_sender and "from:" not in typed:
        pytest.skip("is from anybody")
    monkeypatch.setattr("inbox.search_ways.choose", lambda *_: way)
    with services.reading() as connection:
        first = list_rows.whole(connection, house.project_id, wanted)
        before = (first[-1]["active_at"].isoformat(), first[-1]["id"])
        rest = list_rows.whole(connection, house.project_id, replace(wanted, before=before, limit=50))
    assert [row["id"] for row in (*first, *rest)] == known


MARKED = """
UPDATE conversation SET labels = CASE id % 2 WHEN 0 THEN ARRAY['vip'] ELSE '{}' END,
    priority = (ARRAY['normal', 'high', 'normal', 'low', 'normal', 'urgent', 'normal'])[1 + id % 7],
    assignee_id = CASE id % 3 WHEN 0 THEN CAST(:ada AS bigint) WHEN 1 THEN :ben END
"""
BESIDE = {
    "label:vip": "c.labels = '{vip}'",
    "label:vip priority:high": "c.labels = '{vip}' AND c.priority = 'high'",
    "priority:low priority:urgent assignee:none": "c.priority IN ('low', 'urgent') AND c.assignee_id IS NULL",
    "priority:normal priority:high label:vip": "c.priority IN ('normal', 'high') AND c.labels = '{vip}'",
    "assignee:ada assignee:none": "c.assignee_id IS DISTINCT FROM (SELECT id FROM agent WHERE name = 'Ben')",
    "assignee:ben label:vip": "c.assignee_id = (SELECT id FROM agent WHERE name = 'Ben') AND c.labels = '{vip}'",
    "priority:urgent label:none": "false",
}


@pytest.mark.parametrize("walks", [True, False])
def test_along_the_list_or_not_the_same_is_found(
    house: House, services: Services, walks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk that ends before the page is full is no answer."""
    with services.database.begin() as connection:
        connection.execute(text(FILL), {"project": house.project_id, "many": 60})
        connection.execute(text(MARKED), {"ada": house.ada.id, "ben": house.ben.id})
    monkeypatch.setattr("inbox.search_ways.choose_listed", lambda *_: Way(walks))
    monkeypatch.setattr("inbox.listed_words.MOST_WALKED", 7)
    with services.reading() as connection:
        for typed, plain in BESIDE.items():
            known = [row.id for row in connection.execute(text(PLAIN.format(plain)))]
            found = list_rows.shown(connection, house.project_id, Filter(search=search.parse(typed), limit=4))
            assert [row.id for row in found] == known[:4], typed


def nodes(plan: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The indexes that the plan uses, and the tables that it reads from end to end."""
    used, scanned = {plan["Index Name"]} if "Index Name" in plan else set(), set()
    if plan["Node Type"] == "Seq Scan":
        scanned.add(plan["Relation Name"])
    for inner in plan.get("Plans", []):
        more_used, more_scanned = nodes(inner)
        used |= more_used
        scanned |= more_scanned
    return used, scanned
