"""A turn lands around whatever people did: while the model was held, and between the re-fetch and the statement.

Every interleaving is forced: the model is held by its server, the landing by its named points. Nothing sleeps.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from inbox.redis import redis_client
from inbox.representation import moment
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from jobs.values import Basis, Claimed
from responder.outcome import HandOff, Reply
from tests.concurrency import faults
from tests.concurrency.changes import CHANGES, Change, check, in_the_window, prepare, while_held
from tests.conftest import InBackground
from tests.model_server import ModelServer
from tests.people import WORKFLOW, People
from tests.turns import begun


def claim_turn(people: People) -> tuple[Claimed, Basis]:
    """The turn of the visitor's question, claimed, and what it knows."""
    turn_id = people.visitor_writes()
    with people.services.statement() as writing:
        work = begun(writing.connection, turn_id)
    return work.claimed, work.basis


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_while_the_model_thinks_stands(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground, change: Change
) -> None:
    while_held(people, worker, model_server, in_background, change)
    check(people, change)


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_change_in_the_window_stands(people: People, worker: Context, change: Change) -> None:
    tries = in_the_window(people, worker, change)
    check(people, change)
    assert tries == (1 if change.name == "metadata behind the version" else 2), "the version must have decided"


SAVED_WHOLE = tuple(c for c in CHANGES if c.reply == "landed" and c.name not in {"note"})


@pytest.mark.parametrize("change", SAVED_WHOLE, ids=str)
def test_the_founding_bug_is_noticed(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground, change: Change
) -> None:
    with faults.whole_object_save():
        while_held(people, worker, model_server, in_background, change)
    with pytest.raises(AssertionError):
        check(people, change)


@pytest.mark.parametrize("change", [c for c in CHANGES if c.name != "metadata behind the version"], ids=str)
def test_a_missing_version_check_is_noticed(people: People, worker: Context, change: Change) -> None:
    with faults.no_version_check():
        tries = in_the_window(people, worker, change)
    if change.reply == "parked":
        with pytest.raises(AssertionError):
            check(people, change)
    else:  # named columns keep the value; that it was kept would go unsaid
        assert tries == 1
        landed = next(entry for entry in people.timeline() if entry["kind"] == "turn_landed")
        assert landed["data"]["kept"] == []


def test_metadata_replaced_instead_of_merged_is_noticed(people: People, worker: Context) -> None:
    change = next(c for c in CHANGES if c.name == "metadata behind the version")
    with faults.metadata_replaced():
        in_the_window(people, worker, change)
    with pytest.raises(AssertionError):
        check(people, change)


@pytest.mark.parametrize("change", [c for c in CHANGES if c.name == "reply"], ids=str)
def test_an_ignored_epoch_is_noticed(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground, change: Change
) -> None:
    with faults.epoch_ignored():
        while_held(people, worker, model_server, in_background, change)
    (turn,) = people.turns()
    assert turn["reason"] != "person_replied", "without the epoch nobody knows that a person replied"


def test_metadata_written_behind_the_version(people: People, worker: Context) -> None:
    """Other keys of metadata survive a writer who does not count versions, deep inside workflowState too."""
    statement = """UPDATE conversation SET metadata =
        jsonb_set(metadata, '{workflowState,visits}', '3') || '{"crm": 1}' WHERE id = :conversation"""
    change = Change("deep", lambda p: p.behind_the_back(statement), lambda p, c: True)
    in_the_window(people, worker, change)
    assert people.conversation()["metadata"] == {
        "crm": 1,
        "workflowState": {"currentNodeId": "after", "workflowVersion": 1, "visits": 3},
    }


@pytest.mark.parametrize("nothing", ["null", "[]", '"x"', "3"])
def test_metadata_that_is_no_object_counts_as_empty(people: People, worker: Context, nothing: str) -> None:
    people.use_workflow(WORKFLOW)
    people.behind_the_back(f"UPDATE conversation SET metadata = '{nothing}'::jsonb WHERE id = :conversation")
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(worker, turn_id)
    state = {"currentNodeId": "after", "workflowVersion": 1}
    assert people.conversation()["metadata"] == {"workflowState": state}


def test_the_timeline_says_what_was_kept(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground
) -> None:
    while_held(people, worker, model_server, in_background, CHANGES[0])
    landed = next(entry for entry in people.timeline() if entry["kind"] == "turn_landed")
    (kept,) = landed["data"]["kept"]
    assigned = next(entry for entry in people.timeline() if entry["kind"] == "assigned")
    assert (kept["field"], kept["value"], kept["by"]) == (
        "assignee_id",
        {"id": people.ben.id, "name": "Ben"},
        "Ana",
    )
    assert moment(kept["at"]) == moment(assigned["at"])
    assert 0 <= landed["data"]["window_ms"] < 60_000


COLUMNS_OF_A_REPLY = {
    "last_message_id", "last_said_id", "last_said_by", "last_message_snippet", "last_message_timestamp", "active_at",
    "metadata", "version",
}  # fmt: skip


def test_each_write_names_its_columns(people: People, worker: Context) -> None:
    """A trigger in the database writes down which columns each update changes."""
    people.use_workflow(WORKFLOW)
    people.behind_the_back(
        """
        CREATE TABLE changed (columns text[]);
        CREATE FUNCTION note_columns() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO changed SELECT array_agg(n.key ORDER BY n.key)
            FROM jsonb_each(to_jsonb(NEW)) n JOIN jsonb_each(to_jsonb(OLD)) o USING (key) WHERE n.value <> o.value;
            RETURN NEW; END $$;
        CREATE TRIGGER note_columns AFTER UPDATE ON conversation FOR EACH ROW EXECUTE FUNCTION note_columns()"""
    )
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(worker, turn_id)
    with people.services.reading() as connection:
        changed = [set(row.columns) for row in connection.execute(text("SELECT columns FROM changed"))][1:]
    assert changed == [{"metadata", "version"}, COLUMNS_OF_A_REPLY]


def test_expired_lock(people: People, worker: Context) -> None:
    """The lock goes to somebody else in mid-landing, and the version still decides."""
    change = CHANGES[10]
    turn_id = prepare(people, change)

    def pause(point: str) -> None:
        if point == "refetched" and not people.drafts() and people.conversation()["responder_state"] == "active":
            worker.redis.flushall()
            change.do(people)

    turns.run(replace(worker, lander=Lander(worker.engine, worker.redis, pause)), turn_id)
    assert people.conversation()["responder_state"] == "paused"
    assert [m for m in people.messages() if m["author"] == "responder"] == []


def test_without_redis(people: People, worker: Context) -> None:
    """Nothing listens where Redis should be: the landing goes on without the lock, and the turn says so."""
    away = redis_client("redis://127.0.0.1:1")
    turn_id = prepare(people, CHANGES[0])
    turns.run(replace(worker, lander=Lander(worker.engine, away)), turn_id)
    (turn,) = people.turns()
    assert (turn["status"], turn["lock_wait_ms"]) == ("landed", None)


def test_two_landings_of_one_turn(people: People, worker: Context, in_background: InBackground) -> None:
    """Two holders of one attempt land at once, neither with the lock: one reply."""
    claimed, basis = claim_turn(people)
    inside: list[object] = []

    def pause(point: str) -> None:
        if point == "refetched" and not inside:
            inside.append(None)
            inside.append(Lander(worker.engine, None).land(claimed, basis, Reply("One", None)))

    Lander(worker.engine, None, pause).land(claimed, basis, Reply("Two", None))
    assert [m["content"] for m in people.messages() if m["author"] == "responder"] == ["One"]


def test_what_the_next_turn_answers_is_not_left_to_people(people: People, worker: Context) -> None:
    """A person answered and gave back, and the visitor wrote again: the hand-off that comes then is dropped."""
    claimed, basis = claim_turn(people)
    people.act("reply", "It is on its way.")
    people.act("give_back")
    people.visitor_writes("And when?")
    Lander(worker.engine, None).land(claimed, basis, HandOff("model_failed", "A person will answer you."))
    assert [turn["status"] for turn in people.turns()] == ["cancelled", "queued"]
    assert not people.conversation()["left_to_people"]


def test_a_storm_of_clicks_costs_tries_and_nothing_else(people: People, worker: Context) -> None:
    """Nine clicks, each in a window of its own: the tenth try lands."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    clicks: list[int] = []

    def pause(point: str) -> None:
        if point == "refetched" and len(clicks) < 9:
            clicks.append(people.patch(priority=("low", "high")[len(clicks) % 2]).row["version"])

    turns.run(replace(worker, lander=Lander(worker.engine, None, pause)), turn_id)
    assert len(clicks) == 9
    assert people.conversation()["priority"] == "low"
    assert people.turns()[0]["status"] == "landed"
