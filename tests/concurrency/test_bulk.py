"""One act in many conversations: each its own step, all or none, nobody's act in between undone, and no deadlock."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from inbox import acts, bulk, counts, reading, visiting
from inbox.access import Agent
from inbox.bulk import Done
from inbox.errors import Invalid, NotFound
from inbox.visiting import Session
from tests.conftest import InBackground
from tests.people import People, writes


@pytest.fixture
def visits(people: People) -> list[Session]:
    """Six conversations."""
    found = [Session(people.token, people.conversation_id)]
    with people.services.statement() as writing:
        for _ in range(5):
            found.append(visiting.start_session(writing.connection, key=people.project_key, visitor={}))
    return found


def apply(people: People, ids: Sequence[int], who: Agent | None = None, **changes: Any) -> Done:
    epochs = changes.pop("epochs", None)
    with people.services.statement() as writing:
        return bulk.apply(writing.connection, who or people.ana, ids, changes, epochs=epochs)


def undo(people: People, done: Done, who: Agent | None = None) -> Done:
    assert done.id is not None
    with people.services.statement() as writing:
        return bulk.undo(writing.connection, who or people.ana, done.id)


def seen(people: People, number: int) -> dict[str, Any]:
    with people.services.reading() as connection:
        return dict(reading.conversation(connection, people.project_id, number))


def kinds(people: People, number: int) -> list[tuple[int, str]]:
    with people.services.reading() as connection:
        return [(row["version"], row["kind"]) for row in reading.timeline(connection, number)]


def ids_of(visits: Sequence[Session]) -> list[int]:
    return [visit.conversation_id for visit in visits]


def test_each_has_its_own_step(people: People, visits: list[Session]) -> None:
    ids = ids_of(visits)
    people.patch(status="solved")
    before = {number: seen(people, number) for number in ids}
    done = apply(people, [*ids, ids[0]], status="solved", add_labels=["refund", "vip"], assignee_id=people.ben.id)
    assert (set(done.changed), done.unchanged) == (set(ids), ())
    for number in ids:
        row = seen(people, number)
        assert (row["version"], row["epoch"]) == (before[number]["version"] + 1, before[number]["epoch"] + 1)
        assert (row["status"], row["labels"], row["assignee_id"]) == ("solved", ["refund", "vip"], people.ben.id)
        expected = ["assigned", *(["status"] if number != people.conversation_id else []), "labels"]
        assert [kind for version, kind in kinds(people, number) if version == row["version"]] == expected
    with people.services.reading() as connection:
        found = "SELECT conversation_id, body FROM change WHERE body -> 'entries' -> 0 ->> 'kind' = 'assigned'"
        for number, body in connection.execute(text(found)):
            assert {entry["conversation_id"] for entry in body["entries"]} == {number}
        assert counts.kept(connection, people.project_id, people.ben.id)["solved"] == len(ids)
    again = apply(people, ids, status="solved", add_labels=["vip"])
    assert (again.id, again.changed, set(again.unchanged)) == (None, (), set(ids))


def test_all_or_none(people: People, visits: list[Session]) -> None:
    other = People.arrive(people.services)
    for missing in (other.conversation_id, 2**62):
        with pytest.raises(NotFound):
            apply(people, [*ids_of(visits), missing], status="solved")
    with pytest.raises(Invalid):
        apply(people, ids_of(visits), assignee_id=other.ana.id)
    assert {seen(people, number)["status"] for number in ids_of(visits)} == {"open"}
    assert other.conversation()["status"] == "open"


def test_who_was_faster_keeps_theirs(people: People, visits: list[Session]) -> None:
    """A colleague acted in one after the list had shown it: that one is left, and their name is told."""
    epochs = {number: seen(people, number)["epoch"] for number in ids_of(visits)}
    people.patch(who=people.ben, status="pending")
    done = apply(people, ids_of(visits), status="solved", epochs=epochs)
    assert [(one.id, one.by) for one in done.left] == [(people.conversation_id, "Ben")]
    assert seen(people, people.conversation_id)["status"] == "pending"
    assert len(done.changed) == 5


def test_undo_restores_and_tells(people: People, visits: list[Session]) -> None:
    ids = ids_of(visits)
    people.patch(labels=["old", "both"], priority="high")
    before = {number: seen(people, number) for number in ids}
    done = apply(
        people, ids, status="pending", priority="low", assignee_id=people.ana.id,
        add_labels=["new", "both"], remove_labels=["old"],
    )  # fmt: skip
    assert set(undo(people, done).changed) == set(ids)
    for number in ids:
        row = seen(people, number)
        for column in ("status", "priority", "assignee_id", "assigned_at"):
            assert row[column] == before[number][column], column
        assert sorted(row["labels"]) == sorted(before[number]["labels"])
        assert row["version"] == before[number]["version"] + 2
    with pytest.raises(NotFound):
        undo(people, done)


def test_undo_keeps_what_others_did_since(people: People, visits: list[Session]) -> None:
    """Ben assigns one, the visitor of another writes, Ben labels a third; those columns stay, the others go back."""
    first, second, third = visits[:3]
    done = apply(people, ids_of(visits), status="solved", assignee_id=people.ana.id, add_labels=["done"])
    with people.services.statement() as writing:
        acts.patch(writing.connection, people.ben, first.conversation_id, {"assignee_id": people.ben.id})
        writes(writing.connection, second.token, "Not solved!")
        acts.patch(writing.connection, people.ben, third.conversation_id, {"labels": ["done", "bens"]})
    undo(people, done)
    rows = [seen(people, visit.conversation_id) for visit in visits]
    assert (rows[0]["status"], rows[0]["assignee_id"], rows[0]["labels"]) == ("open", people.ben.id, [])
    assert (rows[1]["status"], rows[1]["assignee_id"]) == ("open", None)
    assert "status" not in [kind for _, kind in kinds(people, second.conversation_id)][-2:]
    assert (rows[2]["status"], rows[2]["labels"]) == ("open", ["bens"])


@pytest.mark.parametrize(
    ("act", "other"),
    [
        ({"status": "solved"}, {"status": "open"}),
        ({"priority": "high"}, {"priority": "low"}),
        ({"assignee_id": "ana"}, {"assignee_id": None}),
    ],
)
def test_undo_does_not_take_a_change_and_back_for_none(
    people: People, act: dict[str, Any], other: dict[str, Any]
) -> None:
    """Ben sets another and the same again: that it looks as the act left it does not make it the act's any more."""
    act = {name: people.ana.id if value == "ana" else value for name, value in act.items()}
    done = apply(people, [people.conversation_id], **act)
    people.patch(who=people.ben, **other)
    people.patch(who=people.ben, **act)
    assert undo(people, done).changed == ()
    assert people.conversation().items() >= act.items()


def test_undo_brings_back_no_label_that_another_took_off(people: People) -> None:
    """The act left it on; nor is one that somebody put on again there twice."""
    people.patch(labels=["kept", "gone"])
    done = apply(people, [people.conversation_id], add_labels=["done"], remove_labels=["gone"])
    people.patch(who=people.ben, labels=["done", "gone"])
    undo(people, done)
    assert people.conversation()["labels"] == ["gone"]


def test_undo_is_its_makers_alone(people: People) -> None:
    done = apply(people, [people.conversation_id], status="solved")
    other = People.arrive(people.services)
    for stranger in (people.ben, other.ana):
        with pytest.raises(NotFound):
            undo(people, done, stranger)
    people.behind_the_back("UPDATE bulk_act SET created_at = created_at - interval '1 hour'")
    with pytest.raises(NotFound):
        undo(people, done)


def test_solving_gives_back_and_undo_takes_over_again(people: People) -> None:
    people.behind_the_back("UPDATE project SET resume_rule = 'when_solved'")
    people.act("take_over")
    done = apply(people, [people.conversation_id], status="solved")
    assert people.conversation()["responder_state"] == "active"
    undo(people, done)
    assert people.conversation()["responder_state"] == "paused"
    assert people.timeline()[-1]["kind"] == "taken_over"


def test_undo_leaves_the_responder_to_who_gave_it_back_since(people: People) -> None:
    people.behind_the_back("UPDATE project SET resume_rule = 'when_solved'")
    people.act("take_over")
    done = apply(people, [people.conversation_id], status="solved")
    people.act("take_over", who=people.ben)
    people.act("give_back", who=people.ben)
    undo(people, done)
    row = people.conversation()
    assert (row["status"], row["responder_state"]) == ("open", "active")


def test_a_storm_of_many_at_once(people: People, visits: list[Session], in_background: InBackground) -> None:
    """Acts over the same conversations in any order, undone at once: no deadlock, no lost step, no drift."""
    ids = ids_of(visits)
    before = {number: seen(people, number)["version"] for number in ids}
    barrier = threading.Barrier(8)

    def storm(seed: int) -> int:
        chance = random.Random(seed)
        who = chance.choice([people.ana, people.ben])
        barrier.wait()
        steps = 0
        for _ in range(20):
            chosen = chance.sample(ids, chance.randrange(2, len(ids)))
            change: dict[str, Any] = chance.choice(
                [{"status": "solved"}, {"status": "open"}, {"assignee_id": who.id}, {"assignee_id": None},
                 {"add_labels": [f"l{seed}"]}, {"remove_labels": [f"l{seed}"]}, {"priority": "high"}]
            )  # fmt: skip
            done = apply(people, chosen, who, **change)
            steps += len(done.changed)
            if done.id is not None and chance.random() < 0.3:
                steps += len(undo(people, done, who).changed)
        return steps

    steps = sum(one.result() for one in [in_background(storm, seed) for seed in range(8)])
    assert sum(seen(people, number)["version"] - before[number] for number in ids) == steps
    with people.services.reading() as connection:
        for who in (people.ana, people.ben):
            assert counts.kept(connection, people.project_id, who.id) == counts.counted(
                connection, people.project_id, who.id
            )
