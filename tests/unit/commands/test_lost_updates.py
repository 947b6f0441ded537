"""The ledger notices what it is for, and does not cry over what the product may do."""

from __future__ import annotations

from typing import Any

from commands.lost_updates import Ledger


def conversation(version: int, **more: Any) -> dict[str, Any]:
    return {"id": 1, "version": version, "status": "open", "assignee_id": None, "labels": [], **more}


def told(*conversations: dict[str, Any], columns: tuple[str, ...] = ("status", "assignee_id")) -> Ledger:
    ledger = Ledger()
    for one in conversations:
        ledger.acknowledged(one, columns)
    return ledger


def test_a_reverted_column_is_lost() -> None:
    ledger = told(conversation(3, status="pending", assignee_id=7))
    assert ledger.lost(conversation(9, assignee_id=7), []) == ["status"]
    assert ledger.lost(conversation(9, status="pending", assignee_id=7), []) == []


def test_the_highest_version_counts_whatever_came_first() -> None:
    ledger = told(conversation(5, status="solved"), conversation(4, status="pending"), columns=("status",))
    assert ledger.lost(conversation(6, status="solved"), []) == []
    assert ledger.lost(conversation(6, status="pending"), []) == ["status"]


def test_a_visitor_may_reopen_what_was_solved_before() -> None:
    ledger = told(conversation(5, status="solved"), columns=("status",))
    assert ledger.lost(conversation(9), [{"kind": "reopened", "version": 6}]) == []
    assert ledger.lost(conversation(9), [{"kind": "reopened", "version": 4}]) == ["status"]


def test_other_conversations_do_not_matter() -> None:
    ledger = told(conversation(5, status="solved"), columns=("status",))
    assert ledger.lost({**conversation(9), "id": 2}, []) == []
