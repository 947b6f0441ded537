"""Who has how many event streams open, and that nothing is kept of whom has none any more."""

from __future__ import annotations

from inbox.crowd import OF_A_VISITOR, OF_AN_ADDRESS, Crowd, visitors


def test_each_visitor_and_each_address_for_itself() -> None:
    crowd = Crowd()
    mine = visitors(1, "192.0.2.1")
    for _ in range(OF_A_VISITOR):
        assert crowd.has_room(mine)
        crowd.come(mine)
    assert not crowd.has_room(mine)
    assert crowd.has_room(visitors(2, "192.0.2.1"))
    others = OF_AN_ADDRESS - OF_A_VISITOR
    for number in range(2, 2 + others):
        crowd.come(visitors(number, "192.0.2.1"))
    assert not crowd.has_room(visitors(2 + others, "192.0.2.1"))
    assert crowd.has_room(visitors(2 + others, "192.0.2.2"))


def test_nothing_is_kept_of_who_has_gone() -> None:
    crowd = Crowd()
    for number in range(3):
        crowd.come(visitors(number, f"192.0.2.{number}"))
        crowd.go(visitors(number, f"192.0.2.{number}"))
    assert len(crowd) == 0
