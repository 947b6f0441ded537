"""Who is done with whom. A set of work in hand holds the others back until all who are to wait do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from inbox.gathering import Gathering
from tests.background import Background
from tests.conftest import InBackground
from tests.product import wait_for

FOR_EVER = 60.0
AT_ONCE = 0.001


class Kitchen:
    """Cooks what is ordered, alone or together, and remembers what went together. A pot can be held on the fire."""

    def __init__(self, in_background: InBackground, *, most: int = 16, seconds: float = FOR_EVER) -> None:
        self.gathering: Gathering[str, str] = Gathering(self.together, most=most, seconds=seconds)
        self.cooked: list[tuple[str, ...]] = []
        self.burnt: Exception | None = None
        self._in_background = in_background
        self._held: dict[str, threading.Event] = {}
        self._on_the_fire = threading.Semaphore(0)

    def together(self, wanted: Sequence[str]) -> Sequence[str | None]:
        self._cook(*wanted)
        if self.burnt is not None:
            raise self.burnt
        return [None if "alone" in one else f"{one}, together" for one in wanted]

    def order(self, what: str) -> str:
        def alone() -> str:
            self._cook(what)
            return f"{what}, alone"

        return self.gathering.take(what, alone)

    def hear(self, what: str) -> str:
        """The same, or what went wrong."""
        try:
            return self.order(what)
        except ValueError as error:
            return str(error)

    def hold(self, what: str) -> Background:
        """Order it, and come back once it is on the fire, where it stays."""
        self._held[what] = threading.Event()
        ordered = self._in_background(self.order, what)
        assert self._on_the_fire.acquire(timeout=FOR_EVER)
        return ordered

    def wait_in_line(self, *orders: str) -> list[Background]:
        """Order one after the other; each waits."""
        lined_up = []
        for place, what in enumerate(orders, len(self.gathering._waiting) + 1):
            lined_up.append(self._in_background(self.hear, what))
            wait_for(f"{what} to wait", partial(self._waits, place))
        return lined_up

    def serve(self, what: str) -> None:
        self._held[what].set()

    def _waits(self, place: int) -> bool:
        return len(self.gathering._waiting) == place

    def _cook(self, *orders: str) -> None:
        self.cooked.append(orders)
        if orders[0] in self._held:
            self._on_the_fire.release()
            assert self._held[orders[0]].wait(FOR_EVER)


@pytest.fixture
def kitchen(in_background: InBackground) -> Kitchen:
    return Kitchen(in_background)


def results(ordered: Sequence[Background]) -> list[str]:
    return [one.result() for one in ordered]


def test_who_comes_alone_is_done_alone(kitchen: Kitchen) -> None:
    assert [kitchen.order(what) for what in ("tea", "rice")] == ["tea, alone", "rice, alone"]


def test_who_comes_meanwhile_is_done_together_and_each_gets_their_own(kitchen: Kitchen) -> None:
    first = kitchen.hold("tea")
    others = kitchen.wait_in_line("rice", "soup", "bread")
    kitchen.serve("tea")
    assert first.result() == "tea, alone"
    assert results(others) == ["rice, together", "soup, together", "bread, together"]
    assert kitchen.cooked == [("tea",), ("rice", "soup", "bread")]


def test_who_waits_behind_nobody_else_is_done_alone(kitchen: Kitchen) -> None:
    first = kitchen.hold("tea")
    (second,) = kitchen.wait_in_line("rice")
    kitchen.serve("tea")
    assert results([first, second]) == ["tea, alone", "rice, alone"]


def test_no_more_than_the_most_and_then_the_next(in_background: InBackground) -> None:
    kitchen = Kitchen(in_background, most=2)
    first = kitchen.hold("tea")
    others = kitchen.wait_in_line("rice", "soup", "bread", "fish", "cake")
    kitchen.serve("tea")
    results([first, *others])
    assert kitchen.cooked == [("tea",), ("rice", "soup"), ("bread", "fish"), ("cake",)]


@pytest.mark.parametrize("place", [0, 1])
def test_what_cannot_be_done_together_is_done_alone(kitchen: Kitchen, place: int) -> None:
    first = kitchen.hold("tea")
    orders = ["rice", "soup"]
    orders[place] = "cake alone"
    others = kitchen.wait_in_line(*orders)
    kitchen.serve("tea")
    first.result()
    assert sorted(results(others)) == sorted([f"{orders[1 - place]}, together", "cake alone, alone"])
    assert kitchen.cooked[-1] == ("cake alone",)


def test_all_hear_what_went_wrong_and_the_next_go_on(kitchen: Kitchen) -> None:
    first = kitchen.hold("tea")
    others = kitchen.wait_in_line("rice", "soup")
    kitchen.burnt = ValueError("The gas is off.")
    kitchen.serve("tea")
    first.result()
    assert results(others) == ["The gas is off."] * 2
    assert kitchen.order("bread") == "bread, alone"


def test_what_goes_wrong_alone_keeps_nobody(kitchen: Kitchen) -> None:
    def burns() -> str:
        raise ValueError("It is burnt.")

    with pytest.raises(ValueError, match="burnt"):
        kitchen.gathering.take("tea", burns)
    assert kitchen.order("rice") == "rice, alone"


def test_nobody_waits_long_for_one_who_is_slow(in_background: InBackground) -> None:
    kitchen = Kitchen(in_background, seconds=AT_ONCE)
    slow = kitchen.hold("roast")
    assert [kitchen.order(what) for what in ("tea", "rice")] == ["tea, alone", "rice, alone"]
    kitchen.serve("roast")
    assert slow.result() == "roast, alone"
    assert kitchen.order("soup") == "soup, alone"


def test_who_took_over_from_one_who_is_slow_is_not_disturbed_by_its_end(in_background: InBackground) -> None:
    """The slow one hands on nothing: the line is another's by then."""
    kitchen = Kitchen(in_background, seconds=AT_ONCE)
    slow = kitchen.hold("roast")
    second = kitchen.hold("goose")
    kitchen.gathering._seconds = FOR_EVER
    others = kitchen.wait_in_line("tea", "rice")
    kitchen.serve("roast")
    assert slow.result() == "roast, alone"
    assert len(kitchen.gathering._waiting) == 2
    kitchen.serve("goose")
    assert results([second, *others]) == ["goose, alone", "tea, together", "rice, together"]


def test_many_at_once_each_get_their_own(in_background: InBackground) -> None:
    kitchen = Kitchen(in_background, most=4)
    many = [f"dish {number}" for number in range(40)]
    barrier = threading.Barrier(len(many))

    def order(what: str) -> str:
        barrier.wait()
        return kitchen.order(what)

    served = results([in_background(order, what) for what in many])
    assert [one.partition(",")[0] for one in served] == many
    assert sorted(what for pot in kitchen.cooked for what in pot) == sorted(many), "each once"
