"""The views' figures are never counted and never wrong: after every write, and under a storm of them."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from sqlalchemy import text

from inbox import acts, counts, drafts, list_rows, views, visiting
from inbox.access import Agent
from inbox.errors import InboxError
from inbox.visiting import Session
from tests.conftest import InBackground
from tests.people import People, writes

WRITERS = 12
ACTS_EACH = 60
PARKED = """
INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
SELECT project_id, conversation_id, id, 'Parked.', 'assigned' FROM turn t
WHERE conversation_id = :conversation AND NOT EXISTS (SELECT 1 FROM draft d WHERE d.turn_id = t.id)
"""


def figures(people: People) -> dict[str, dict[str, int]]:
    """Everybody's figures as they are kept, after they were found to be what counting gives."""
    shown = {}
    with people.services.reading() as connection:
        for who in (people.ana, people.ben):
            shown[who.name] = counts.kept(connection, people.project_id, who.id)
            assert shown[who.name] == counts.counted(connection, people.project_id, who.id)
    return shown


def visits(people: People, number: int) -> list[Session]:
    found = []
    with people.services.statement() as writing:
        for _ in range(number):
            found.append(visiting.start_session(writing.connection, key=people.project_key, visitor={}))
    return found


def test_each_act_moves_its_figures(people: People) -> None:
    assert figures(people)["Ana"] == {
        "all": 1, "unassigned": 1, "wanted": 0, "thinking": 0, "parked": 0, "snoozed": 0, "solved": 0, "spam": 0,
        "mine": 0,
    }  # fmt: skip
    people.visitor_writes()
    assert figures(people)["Ana"]["thinking"] == 1
    people.act("claim")
    assert (figures(people)["Ana"]["mine"], figures(people)["Ana"]["unassigned"]) == (1, 0)
    people.patch(assignee_id=people.ben.id)
    assert (figures(people)["Ana"]["mine"], figures(people)["Ben"]["mine"]) == (0, 1)
    people.act("take_over")
    assert figures(people)["Ana"]["thinking"] == 0
    people.behind_the_back("UPDATE conversation SET responder_state = 'handed_off' WHERE id = :conversation")
    assert figures(people)["Ben"]["wanted"] == 1
    for status in ("snoozed", "solved", "spam"):
        people.patch(status=status)
        assert (figures(people)["Ben"][status], figures(people)["Ben"]["all"]) == (1, 0)
        assert figures(people)["Ben"]["mine"] == 0


def test_whom_nobody_answers_needs_a_person(people: People) -> None:
    """Until a turn is at it again, or a person."""
    turn_id = people.visitor_writes()
    people.act("stop", turn_id)
    assert (figures(people)["Ana"]["wanted"], figures(people)["Ana"]["thinking"]) == (1, 0)
    people.act("give_back")
    assert (figures(people)["Ana"]["wanted"], figures(people)["Ana"]["thinking"]) == (0, 1)
    people.act("stop", people.turns()[-1]["id"])
    people.patch(status="snoozed")
    assert figures(people)["Ana"]["wanted"] == 0
    people.patch(status="pending")
    assert figures(people)["Ana"]["wanted"] == 1
    people.act("take_over")
    assert figures(people)["Ana"]["wanted"] == 1, "who has it has said nothing yet"
    people.act("reply", "I have this.")
    assert figures(people)["Ana"]["wanted"] == 0
    people.act("give_back")
    assert figures(people)["Ana"]["wanted"] == 0, "it was answered"


@pytest.mark.parametrize("assigned", [False, True])
def test_who_writes_again_needs_a_person(people: People, assigned: bool) -> None:
    """A person answered, so the responder is paused; whoever has it, or nobody, the visitor waits until one speaks."""
    if assigned:
        people.act("claim")
    people.visitor_writes()
    people.act("reply", "It left today.")
    assert figures(people)["Ben"]["wanted"] == 0
    people.visitor_writes()
    assert figures(people)["Ben"]["wanted"] == 1
    with people.services.reading() as connection:
        found = list_rows.shown(connection, people.project_id, views.filter_of(views.named("wanted"), people.ben))
    assert [row.id for row in found] == [people.conversation_id]
    people.act("reply", "To your door.")
    assert figures(people)["Ben"]["wanted"] == 0


def test_a_conversation_is_parked_once(people: People) -> None:
    for _ in range(2):
        people.visitor_writes()
        people.behind_the_back("UPDATE turn SET status = 'parked' WHERE conversation_id = :conversation")
        people.behind_the_back(PARKED)
    assert figures(people)["Ana"]["parked"] == 1
    first, second = people.drafts()
    with people.services.statement() as writing:
        drafts.discard(writing.connection, people.ana, people.conversation_id, first["id"])
    assert figures(people)["Ana"]["parked"] == 1
    with people.services.statement() as writing:
        drafts.send(writing.connection, people.ana, people.conversation_id, second["id"], None)
    assert figures(people)["Ana"]["parked"] == 0


def test_what_is_rolled_back_counts_nothing(people: People) -> None:
    before = figures(people)
    with people.services.database.connect() as connection:
        acts.claim(connection, people.ana, people.conversation_id)
        connection.rollback()
    assert figures(people) == before


def test_many_at_once_and_gone(people: People) -> None:
    """Writes of many rows, and a project that is deleted with all it has."""
    visits(people, 30)
    people.behind_the_back("INSERT INTO turn (project_id, conversation_id) SELECT project_id, id FROM conversation")
    people.behind_the_back("UPDATE conversation SET status = 'spam', assignee_id = NULL WHERE id % 3 = 0")
    people.behind_the_back("UPDATE turn SET status = 'landed' WHERE id % 2 = 0")
    assert figures(people)["Ana"]["thinking"] > 0
    people.behind_the_back("DELETE FROM turn WHERE id % 5 = 0")
    figures(people)
    with people.services.statement() as writing:
        for table in ("visitor_session", "conversation"):
            writing.connection.execute(text(f"DELETE FROM {table}"))
    assert set(figures(people)["Ana"].values()) == {0}
    people.behind_the_back("DELETE FROM project")
    with people.services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM view_count")).scalar_one() == 0


def test_no_drift_in_a_storm(people: People, in_background: InBackground) -> None:
    """Writers who all act in the same few conversations, each with a connection, so with a slot, of its own."""
    scenes = visits(people, 5)
    barrier = threading.Barrier(WRITERS)

    def storm(seed: int) -> int:
        chance = random.Random(seed)
        barrier.wait()
        done = 0
        for _ in range(ACTS_EACH):
            try:
                with people.services.statement() as writing:
                    anything(chance, writing.connection, chance.choice([people.ana, people.ben]), chance.choice(scenes))
                done += 1
            except InboxError:
                continue
        return done

    done = [one.result() for one in [in_background(storm, seed) for seed in range(WRITERS)]]
    assert sum(done) > WRITERS * ACTS_EACH / 2
    assert figures(people)["Ana"]["all"] > 0
    with people.services.reading() as connection:
        slots = connection.execute(text("SELECT count(*) FROM view_count")).scalar_one()
    assert slots > 3, "they wrote side by side"


def anything(chance: random.Random, connection: Any, who: Agent, visit: Session) -> None:
    """One of the things that happen in a conversation."""
    number = visit.conversation_id
    act = chance.randrange(9)
    if act == 0:
        writes(connection, visit.token, "And this?")
    elif act == 1:
        acts.claim(connection, who, number)
    elif act == 2:
        acts.patch(connection, who, number, {"assignee_id": chance.choice([None, who.id])})
    elif act == 3:
        acts.patch(connection, who, number, {"status": chance.choice(["open", "pending", "snoozed", "solved", "spam"])})
    elif act == 4:
        acts.take_over(connection, who, number)
    elif act == 5:
        acts.give_back(connection, who, number)
    elif act == 6:
        hand_off = "UPDATE conversation SET responder_state = 'handed_off', version = version + 1 WHERE id = :id"
        connection.execute(text(hand_off), {"id": number})
    elif act == 7:
        acts.reply(connection, who, number, "I have this.")
    else:
        end = "UPDATE turn SET status = 'landed' WHERE conversation_id = :id AND status = 'queued'"
        connection.execute(text(end), {"id": number})
