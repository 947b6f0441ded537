"""Words that wait for no answer: a person says so, and it holds until the visitor writes again."""

from __future__ import annotations

from tests.integration.callers import Caller, House
from tests.integration.reader import Sit, shown


def thanked(house: House) -> tuple[str, Caller]:
    """A conversation that a person has answered, and whose visitor says thanks."""
    visitor = house.visit("Where is it?")
    at = f"/conversations/{visitor.conversation_id}"
    house.ben.post(f"{at}/messages", {"content": "On its way.", "private": False})
    visitor.post("/widget/messages", {"content": "Thanks!"})
    return at, visitor


def waits(house: House, at: str) -> bool:
    return house.ben.get(at).get_json()["waiting_since"] is not None


def test_nothing_to_answer(house: House) -> None:
    at, visitor = thanked(house)
    before = house.ben.get(at).get_json()
    assert waits(house, at)
    after = house.ben.post(f"{at}/nothing-to-answer").get_json()
    assert not waits(house, at)
    assert (after["status"], after["responder_state"]) == ("open", "paused")
    assert (after["version"] - before["version"], after["epoch"] - before["epoch"]) == (1, 1)
    told = house.ben.get(f"{at}/timeline").get_json()["items"][-1]
    assert (told["kind"], told["text"]) == ("needs_no_answer", "Ben found nothing to answer")
    assert house.ben.post(f"{at}/nothing-to-answer").get_json()["version"] == after["version"], "once"
    visitor.post("/widget/messages", {"content": "And the other one?"})
    assert waits(house, at), "what is written next waits as ever"


def test_no_later_act_finds_the_words_unanswered(house: House) -> None:
    """Giving back starts a turn, as the visitor had the last word; that it is stopped leaves nobody waiting."""
    at, _ = thanked(house)
    house.ben.post(f"{at}/nothing-to-answer")
    house.ben.post(f"{at}/give-back")
    (turn, *_more) = house.ben.get(f"{at}/turns").get_json()["items"]
    assert house.ben.post(f"{at}/turns/{turn['id']}/stop").get_json()["status"] == "cancelled"
    assert not waits(house, at)


def test_who_was_promised_a_person_still_waits(house: House) -> None:
    visitor = house.visit("Where is it?")
    at = f"/conversations/{visitor.conversation_id}"
    visitor.post("/widget/ask-person")
    asked = house.ben.get(at).get_json()
    assert asked["responder_state"] == "handed_off"
    assert house.ben.post(f"{at}/nothing-to-answer").get_json()["version"] == asked["version"]
    assert waits(house, at)
    house.ben.post(f"{at}/take-over")
    house.ben.post(f"{at}/nothing-to-answer")
    assert not waits(house, at)


def test_on_the_page_it_is_about_what_was_seen(house: House, sit: Sit) -> None:
    at, visitor = thanked(house)
    ben, act = sit(house.ben), f"{at}/acts/nothing-to-answer"
    ben.open(at)
    form = ben.forms[act]
    visitor.post("/widget/messages", {"content": "But where?"})
    ben.send(at, to=act)
    assert "The visitor has written meanwhile. Nothing was changed." in shown(ben.open(at))
    assert waits(house, at)
    assert form["last"] != ben.forms[act]["last"]
    ben.send(at, to=act)
    assert not waits(house, at)
    ben.open(at)
    assert act not in ben.forms
