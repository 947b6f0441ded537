"""The circuit breaker's rule, on a clock that the test moves."""

from __future__ import annotations

from responder.breaker import FAILURES_TO_OPEN, OPEN_SECONDS, PROBE_SECONDS, LocalBreaker


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> LocalBreaker:
    breaker = LocalBreaker(clock)
    for _ in range(FAILURES_TO_OPEN):
        assert breaker.allows("one")
        breaker.failed("one")
    return breaker


def test_failures_in_a_row_open_it() -> None:
    breaker = opened(Clock())
    assert not breaker.allows("one")
    assert breaker.allows("two"), "each endpoint for itself"


def test_an_answer_between_failures_keeps_it_closed() -> None:
    breaker = LocalBreaker(Clock())
    for _ in range(3 * FAILURES_TO_OPEN):
        breaker.failed("one")
        breaker.succeeded("one")
    assert breaker.allows("one")


def test_after_a_rest_one_tries_and_the_others_wait() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += OPEN_SECONDS
    assert [breaker.allows("one") for _ in range(3)] == [True, False, False]
    breaker.succeeded("one")
    assert [breaker.allows("one") for _ in range(3)] == [True, True, True]


def test_a_try_that_fails_opens_it_at_once() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += OPEN_SECONDS
    assert breaker.allows("one")
    breaker.failed("one")
    assert not breaker.allows("one")
    clock.now += OPEN_SECONDS
    assert breaker.allows("one")


def test_a_try_of_which_nobody_hears_again_is_not_waited_for_for_ever() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += OPEN_SECONDS
    assert breaker.allows("one")
    clock.now += PROBE_SECONDS
    assert breaker.allows("one")
