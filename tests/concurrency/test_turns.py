"""Turns: one live at a time, one holder at a time, each of them ends, and no message is lost or answered twice."""

from __future__ import annotations

import threading
from dataclasses import replace

from inbox import drafts
from jobs import claim, snapshot
from jobs import turn as turns
from jobs.context import Context
from jobs.values import Basis, Claimed
from responder.outcome import Position, Reply, Step
from tests.concurrency import faults
from tests.concurrency.conftest import Thinking
from tests.conftest import InBackground
from tests.model_server import ModelServer
from tests.people import People


def take(people: People, turn_id: int, lease_seconds: float = 30) -> Claimed | None:
    with people.services.statement() as writing:
        return claim.claim(writing.connection, turn_id, lease_seconds=lease_seconds, max_attempts=3)


def lapse(people: People) -> None:
    people.behind_the_back("UPDATE turn SET lease_until = clock_timestamp() - interval '1 second'")


def written(people: People) -> int:
    turn_id = people.visitor_writes()
    assert turn_id is not None
    return turn_id


def test_one_live_turn(people: People) -> None:
    """Messages in quick succession start one turn, which answers them all."""
    turn_id = written(people)
    assert people.visitor_writes("And another thing.") is None
    claimed = take(people, turn_id)
    assert claimed is not None
    questions = [m["id"] for m in people.messages()]
    assert list(claimed.answers) == questions


def test_only_one_claimer_wins(people: People, in_background: InBackground) -> None:
    turn_id = written(people)
    barrier = threading.Barrier(16)

    def race() -> Claimed | None:
        barrier.wait()
        return take(people, turn_id)

    won = [one for one in [runner.result() for runner in [in_background(race) for _ in range(16)]] if one]
    assert len(won) == 1


def test_a_message_that_arrives_while_thinking_gets_its_own_turn(
    people: People, worker: Context, thinking: Thinking
) -> None:
    turn_id = written(people)
    with thinking(turn_id) as running:
        assert people.visitor_writes("One more question.") is None, "a turn is live"
    landed = running.result()
    assert landed.next_turn is not None
    turns.run(worker, landed.next_turn)
    first, second = people.turns()
    questions = [m["id"] for m in people.messages() if m["author"] == "visitor"]
    assert (first["answers"], second["answers"]) == ([questions[0]], [questions[1]])
    assert (first["status"], second["status"]) == ("landed", "landed")


def test_a_message_in_the_window_is_not_forgotten(people: People, worker: Context) -> None:
    """The visitor writes between the re-fetch and the statement: the version fails, and the next turn is started."""
    turn_id = written(people)
    wrote: list[object] = []

    def pause(point: str) -> None:
        if point == "refetched" and not wrote:
            wrote.append(people.visitor_writes("Wait, also this."))

    landed = turns.run(replace(worker, lander=replace(worker.lander, pause=pause)), turn_id)
    assert landed is not None
    assert landed.next_turn is not None


def test_fence(people: People, worker: Context) -> None:
    """A holder whose lease lapsed and whose turn was claimed again lands nothing."""
    turn_id = written(people)
    first = take(people, turn_id)
    lapse(people)
    second = take(people, turn_id)
    assert first is not None
    assert second is not None
    assert second.attempt == first.attempt + 1
    basis = Basis(people.conversation()["version"], people.conversation()["epoch"], None)
    worker.lander.land(first, basis, Reply("Too late", None))
    assert [m for m in people.messages() if m["author"] == "responder"] == []
    worker.lander.land(second, basis, Reply("In time", None))
    assert [m["content"] for m in people.messages() if m["author"] == "responder"] == ["In time"]


def test_who_lost_a_turn_neither_keeps_it_nor_gives_it_back(people: People) -> None:
    """Its lease lapsed and another worker has it: the first one's beats do not keep it from the sweeper once that one
    dies as well, and what the first one gives back is not the other's."""
    turn_id = written(people)
    first = take(people, turn_id)
    lapse(people)
    second = take(people, turn_id)
    assert first is not None
    assert second is not None
    with people.services.reading() as connection:
        assert claim.extend(connection, {turn_id: first.attempt}, lease_seconds=600) == set()
        assert claim.extend(connection, {turn_id: second.attempt}, lease_seconds=30) == {turn_id}
        assert not claim.release(connection, first)
        (turn,) = people.turns()
        assert (turn["status"], turn["attempt"], turn["releases"]) == ("thinking", second.attempt, 0)
        assert claim.release(connection, second)
        assert not claim.release(connection, second), "it is nobody's by now"
        assert claim.extend(connection, {turn_id: second.attempt}, lease_seconds=30) == set()


def test_a_turn_is_tried_so_often_and_what_was_given_back_is_not_counted(people: People) -> None:
    """A claim that comes late, of a job that waited for long, is none: the sweeper hands off what failed too often."""
    turn_id = written(people)
    for _ in range(2):
        claimed = take(people, turn_id)
        assert claimed is not None
        with people.services.reading() as connection:
            assert claim.release(connection, claimed)
    for _ in range(3):
        assert take(people, turn_id) is not None
        lapse(people)
    assert take(people, turn_id) is None


def test_what_is_parked_is_answered_once_and_waits_for_whoever_sends_it(
    people: People, worker: Context, thinking: Thinking
) -> None:
    """The next turn does not answer again what is parked, but nothing was said, so its visitor waits for people."""
    with thinking(written(people)):
        people.act("take_over")
    assert people.turns()[0]["status"] == "parked"
    people.act("give_back")
    turns.run(worker, people.turns()[-1]["id"])
    assert [(turn["status"], turn["answers"]) for turn in people.turns()[1:]] == [("superseded", [])]
    assert [message["author"] for message in people.messages()] == ["visitor"]
    assert people.conversation()["left_to_people"]
    again = people.visitor_writes("And another thing.")
    assert again is not None
    claimed = take(people, again)
    assert claimed is not None
    assert list(claimed.answers) == [people.messages()[-1]["id"]]


def test_a_turn_reads_no_more_of_the_visitor_than_it_answers(people: People) -> None:
    """What they write between its claim and its reading is the next turn's; what a person says there it knows."""
    claimed = take(people, written(people))
    assert claimed is not None
    people.visitor_writes("And another thing.")
    people.act("reply", "It left today.")
    people.act("note", "They are a friend.")
    with people.services.reading() as connection:
        work = snapshot.read(connection, claimed)
    assert work is not None
    assert [said.content for said in work.snapshot.history] == ["Where is my order?", "It left today."]


def test_a_missing_fence_is_noticed(people: People, worker: Context) -> None:
    turn_id = written(people)
    first = take(people, turn_id)
    lapse(people)
    take(people, turn_id)
    assert first is not None
    basis = Basis(people.conversation()["version"], people.conversation()["epoch"], None)
    with faults.no_fence():
        worker.lander.land(first, basis, Reply("Too late", None))
    assert [m["content"] for m in people.messages() if m["author"] == "responder"] == ["Too late"]


def test_a_claim_between_refetch_and_statement_is_seen(people: People, worker: Context) -> None:
    """The lease lapses and another worker claims in the very window; the statement's own door finds out."""
    turn_id = written(people)
    first = take(people, turn_id)
    assert first is not None
    basis = Basis(people.conversation()["version"], people.conversation()["epoch"], None)

    def pause(point: str) -> None:
        if point == "refetched" and people.turns()[0]["attempt"] == 1:
            lapse(people)
            assert take(people, turn_id) is not None

    replace(worker.lander, pause=pause).land(first, basis, Reply("Too late", None))
    assert [m for m in people.messages() if m["author"] == "responder"] == []
    assert people.turns()[0]["status"] == "thinking"


def test_lease_is_on_the_database_clock(people: People) -> None:
    turn_id = written(people)
    assert take(people, turn_id) is not None
    assert take(people, turn_id) is None, "the lease has not lapsed"
    with faults.lease_on_the_process_clock():
        assert take(people, turn_id) is not None, "a clock that is ahead takes what is held"


def test_a_stopped_turn_lands_nothing(people: People, thinking: Thinking) -> None:
    turn_id = written(people)
    with thinking(turn_id):
        people.act("stop", turn_id)
    (turn,) = people.turns()
    assert (turn["status"], turn["reason"]) == ("cancelled", "stopped")
    assert [m for m in people.messages() if m["author"] == "responder"] == []


def test_what_was_written_after_a_stopped_turn_had_read_is_answered(people: People, thinking: Thinking) -> None:
    turn_id = written(people)
    with thinking(turn_id):
        assert people.visitor_writes("And another thing.") is None, "one live turn at a time"
        started = people.act("stop", turn_id)["started_turn"]
    stopped, following = people.turns()
    assert (stopped["status"], following["status"], following["id"]) == ("cancelled", "queued", started)
    assert people.act("stop", turn_id)["started_turn"] is None, "an ended turn is answered as it is"


def test_switched_off_while_thinking_drops(people: People, thinking: Thinking) -> None:
    turn_id = written(people)
    with thinking(turn_id):
        people.behind_the_back("UPDATE project SET responder_enabled = false")
    (turn,) = people.turns()
    assert (turn["status"], turn["reason"]) == ("cancelled", "responder_off")


def test_taking_over_cancels_a_queued_turn_and_giving_back_starts_one(people: People, worker: Context) -> None:
    written(people)
    people.act("take_over")
    (turn,) = people.turns()
    assert (turn["status"], turn["reason"]) == ("cancelled", "taken_over")
    written_back = people.act("give_back")
    assert written_back.turn_id is not None
    turns.run(worker, written_back.turn_id)
    assert people.turns()[-1]["status"] == "landed"


def test_what_people_handled_is_theirs_to_the_responder(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    """After it is given back the responder reads the stretch that people handled, marked as theirs."""
    turns.run(worker, written(people))
    people.act("reply", "I have sent a new parcel.")
    people.visitor_writes("And when will it be here?")
    given_back = people.act("give_back")
    turns.run(worker, given_back.turn_id)
    asked = model_server.asked[-1].body["messages"]
    assert "Words marked as those of a person of the team are theirs" in asked[0]["content"]
    assert asked[-2] == {"role": "assistant", "content": "(Ana, a person of the team:) I have sent a new parcel."}
    assert asked[-1] == {"role": "user", "content": "And when will it be here?"}
    assert people.turns()[-1]["answers"] == [people.messages()[-2]["id"]], "and nothing that people answered"


def test_no_position_lands_once_people_have_it(people: People, worker: Context) -> None:
    """Taken over while a condition is asked: the workflow stays where it stood, and the draft carries where it went."""
    claimed = take(people, written(people))
    assert claimed is not None
    row = people.conversation()
    basis = Basis(row["version"], row["epoch"], row["metadata"].get("workflowState"))
    people.act("take_over")
    moved = worker.lander.land_position(claimed, basis, Position("order", 1), Step("ask", "condition", "yes"))
    worker.lander.land(claimed, moved, Reply("It is on its way.", Position("after", 1)))
    [draft] = people.drafts()
    assert people.conversation()["metadata"] == row["metadata"]
    assert "workflow_moved" not in {entry["kind"] for entry in people.timeline()}
    with people.services.statement() as writing:
        drafts.send(writing.connection, people.ana, people.conversation_id, draft["id"], None)
    assert people.conversation()["metadata"]["workflowState"] == {"currentNodeId": "after", "workflowVersion": 1}
