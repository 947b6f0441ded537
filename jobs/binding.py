"""From a verdict to the statement that carries it out and the facts that the timeline keeps of it. Pure.

Owns which statement a decision takes and its parameters. Must not connect to anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import TextClause

from inbox.conversation import snippet_of
from jobs import landing_sql
from jobs.decide import kept, overruled
from jobs.values import Basis, Claimed, Drop, Fresh, Kept, Park, Post
from responder.outcome import HandOff, Intent, Outcome, Reply, Usage

RESPONDER_NAME = "AI"


def bind(
    claimed: Claimed,
    basis: Basis,
    fresh: Fresh,
    outcome: Outcome | Drop,
    decision: Post | Park | Drop,
    lock_wait_ms: float | None,
) -> tuple[TextClause, dict[str, Any]]:
    """The one statement that carries out the decision, and its parameters."""
    parameters = door(claimed, fresh) | _turn(claimed, fresh, outcome, decision, lock_wait_ms)
    if isinstance(decision, Drop):
        first = _entry("turn_dropped", {"reason": decision.reason})
        return landing_sql.drop(), parameters | _entries(first, *_left(outcome))
    assert isinstance(outcome, Reply | HandOff)
    if isinstance(decision, Park):
        return landing_sql.park(), parameters | _park(basis, outcome, decision)
    effects = _effects(outcome, decision)
    statement = landing_sql.post(decision.state is not None, frozenset(effects), fresh.left_to_people)
    return statement, parameters | _post(outcome, decision, fresh) | effects_parameters(decision.intents)


def door(claimed: Claimed, fresh: Fresh) -> dict[str, Any]:
    """What every landing statement shows at the door: the re-fetched version and the turn's fence."""
    return {
        "conversation": claimed.conversation_id,
        "version": fresh.version,
        "turn": claimed.turn_id,
        "attempt": claimed.attempt,
        "visitor_version": fresh.visitor.version if fresh.visitor else None,
    }


def move(claimed: Claimed, fresh: Fresh, state: Mapping[str, Any], moved: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a routing step: the state to merge and the facts for the timeline."""
    return door(claimed, fresh) | {
        "state": json.dumps(state),
        "author_name": RESPONDER_NAME,
        "moved": json.dumps(moved),
    }


def _turn(
    claimed: Claimed, fresh: Fresh, outcome: Outcome | Drop, decision: Post | Park | Drop, lock_wait_ms: float | None
) -> dict[str, Any]:
    thought = outcome if isinstance(outcome, Reply | HandOff) else None
    usage = thought.usage if thought else Usage()
    position = thought.position if thought else None
    status, reason = _ending(outcome, decision)
    return {
        "turn_status": status,
        "reason": reason,
        "answers": list(claimed.answers),
        "answers_up_to": claimed.answers_up_to,
        "fetched_at": fresh.fetched_at,
        "lock_wait_ms": lock_wait_ms,
        "workflow_version": position.workflow_version if position else None,
        "next_turn": decision.next_turn,
        "path": json.dumps([asdict(step) for step in thought.path] if thought else []),
        "tool_calls": json.dumps([asdict(run) for run in thought.tool_runs] if thought else []),
        "model_ms": usage.model_ms if thought else None,
        "first_token_ms": usage.first_token_ms,
        "model": usage.model,
        "endpoint": usage.endpoint,
        "prompt_tokens": usage.prompt_tokens if thought else None,
        "completion_tokens": usage.completion_tokens if thought else None,
    }


def _ending(outcome: Outcome | Drop, decision: Post | Park | Drop) -> tuple[str, str | None]:
    if isinstance(decision, Drop):
        return decision.status, decision.reason
    if isinstance(decision, Park):
        return "parked", decision.reason
    return ("handed_off", outcome.reason) if isinstance(outcome, HandOff) else ("landed", None)


def _park(basis: Basis, outcome: Outcome, decision: Park) -> dict[str, Any]:
    position = outcome.position
    facts = {"reason": decision.reason, "by": decision.by, "at": decision.at}
    return {
        "content": outcome.content,
        "reason": decision.reason,
        "position": json.dumps(position.as_json()) if position else None,
        "position_from": json.dumps(basis.workflow_state) if basis.workflow_state else None,
        "details": json.dumps(_details(outcome)),
    } | _entries(_entry("turn_parked", facts), *_left(outcome))


def _left(outcome: Outcome | Drop) -> list[dict[str, Any]]:
    """The tools that a reply used and the effects that it wanted, where it is not posted: none of them is done."""
    if isinstance(outcome, Drop):
        return []
    undone = outcome.undone if isinstance(outcome, HandOff) else ()
    return [*_called(outcome), *(_tool(intent, "left") for intent in (*outcome.intents, *undone))]


def _called(outcome: Outcome) -> list[dict[str, Any]]:
    """The project's own tools that were called while thinking."""
    return [
        _entry(
            "tool",
            {"tool": run.tool, "wanted": dict(run.arguments)}
            | ({"outcome": "failed", "failure": run.failure} if run.failure else {"outcome": "called"}),
        )
        for run in outcome.tool_runs
    ]


def _post(outcome: Outcome, decision: Post, fresh: Fresh) -> dict[str, Any]:
    facts = {"kept": [one.as_json() for one in decision.kept], **_details(outcome)}
    first = _entry("turn_landed", facts)
    if isinstance(outcome, HandOff):
        first = _entry("handed_off", {"reason": outcome.reason, "detail": outcome.detail, **facts})
    rest = _called(outcome) + [_tool(intent, "done") for intent in decision.intents]
    rest += [_tool(intent, "kept", _overruling(intent, fresh)) for intent in decision.yielded]
    rest += [_tool(intent, "gone") for intent in decision.gone]
    undone = outcome.undone if isinstance(outcome, HandOff) else ()
    rest += [_tool(intent, "left") for intent in (*decision.left, *undone)]
    rest += [
        _entry("handed_off", {"reason": "asked", "detail": str(intent.arguments.get("reason", ""))})
        for intent in decision.intents
        if intent.tool == "hand_off" and not isinstance(outcome, HandOff)
    ]
    return {
        "author_name": RESPONDER_NAME,
        "content": outcome.content,
        "snippet": snippet_of(outcome.content),
        "details": json.dumps(_details(outcome)),
        "state": None if decision.state is None else json.dumps(decision.state),
    } | _entries(first, *rest)


def _details(outcome: Outcome) -> dict[str, Any]:
    citations = outcome.citations if isinstance(outcome, Reply) else ()
    return {"citations": [asdict(citation) for citation in citations], "path": [asdict(step) for step in outcome.path]}


def _effects(outcome: Outcome, decision: Post) -> set[str]:
    effects = {intent.tool for intent in decision.intents}
    return effects | {"hand_off"} if isinstance(outcome, HandOff) else effects


def effects_parameters(intents: tuple[Intent, ...]) -> dict[str, Any]:
    """The parameters of the responder's own effects; of two wishes for one column the later stands."""

    def last(tool: str, argument: str) -> Any:
        found = [intent.arguments.get(argument) for intent in intents if intent.tool == tool]
        return found[-1] if found else None

    attributes = {i.arguments["name"]: i.arguments["value"] for i in intents if i.tool == "set_visitor_attribute"}
    return {
        "set_status": last("set_status", "status"),
        "set_priority": last("set_priority", "priority"),
        "assign_to": last("assign_to", "agent_id"),
        "add_labels": list(dict.fromkeys(i.arguments["label"] for i in intents if i.tool == "add_label")),
        "notes": [intent.arguments["content"] for intent in intents if intent.tool == "add_note"],
        "visitor_attributes": json.dumps(attributes),
    }


def _tool(intent: Intent, came_to: str, by: Kept | None = None) -> dict[str, Any]:
    wanted = dict(intent.arguments)
    facts: dict[str, Any] = {"tool": intent.tool, "wanted": wanted, "outcome": came_to}
    if intent.tool == "assign_to":
        facts |= {"wanted": {"email": wanted["email"]}, "to": {"id": wanted["agent_id"], "name": wanted["name"]}}
    return _entry("tool", facts | ({"kept": by.as_json()} if by else {}))


def _overruling(intent: Intent, fresh: Fresh) -> Kept | None:
    """The person's newest act that the wish yielded to."""
    act = next((act for act in reversed(fresh.acts) if overruled(intent, (act,))), None)
    if act is None and fresh.visitor is not None:  # nothing says who it was
        value = fresh.visitor.attributes.get(intent.arguments["name"])
        return Kept("visitor_attribute", value, None, fresh.fetched_at.isoformat())
    if act is None:
        return None
    stands = kept((act,))
    return stands[0] if stands else Kept("responder_state", "active", act.actor_name, act.at)


def _entry(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "actor_type": "responder", "actor_name": RESPONDER_NAME, "data": data}


def _entries(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"entries": json.dumps(entries)}
