"""The demo's past: conversations of the last days, played by the product's own acts and landings.

Owns the playing of commands/demo_data/conversations.json. The responder's words are in the file; that they are claimed,
decided on and landed is the product's doing, so what people did meanwhile is kept as it always is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from commands.customers import DATA
from commands.demo_clock import DemoClock
from inbox.access import Agent
from inbox.acts import mark_read, note, patch, reply
from inbox.database import fetch_one
from inbox.receiving import Coming, Said, receive
from inbox.visiting import Session, start_session
from jobs import binding, claim, landing_sql, snapshot
from jobs.decide import decide
from jobs.landing import refetch
from jobs.merge import workflow_patch
from jobs.values import Basis, Claimed, Drop, NotOurs
from responder.outcome import Citation, HandOff, HandOffReason, Position, Reply, Step, Usage
from responder.words import hand_off_words

AFTER_SECONDS = {"asks": 95, "answers": 2, "hands_off": 2, "says": 210, "notes": 45, "sets": 20}
CHARACTERS_A_SECOND = 30  # that the responder writes, after a moment
SNOOZED_HOURS = 20
WORKFLOW_VERSION = 1
Told = Mapping[str, Any]


@dataclass
class Play:
    """One conversation being played: its visitor, its turn that waits, and the time of the story."""

    clock: DemoClock
    team: Mapping[str, Agent]
    snippets: Mapping[str, int]
    session: Session
    at: datetime
    turn_id: int | None = None

    @property
    def connection(self) -> Connection:
        """What the story is written on."""
        return self.clock.connection

    def play(self, step: Told) -> None:
        """One step, some time after the one before."""
        kind = next(name for name in AFTER_SECONDS if name in step)
        self._pass(step.get("after", AFTER_SECONDS[kind]))
        if kind == "asks":
            asked = Coming(self.session.token, Said(step["asks"]))
            self.turn_id = receive(self.connection, asked, lambda _visit: False).turn_id
        elif kind in ("answers", "hands_off"):
            self._turn(step)
        else:
            self._act(self.team[step["by"]], kind, step)

    def _pass(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.clock.step(self.at)

    def _act(self, agent: Agent, kind: str, step: Told) -> None:
        number = self.session.conversation_id
        if kind == "says":
            reply(self.connection, agent, number, step["says"])
        elif kind == "notes":
            note(self.connection, agent, number, step["notes"])
        else:
            patch(self.connection, agent, number, self._changes(step["sets"]))
        if step.get("looks", True):
            mark_read(self.connection, agent, number)

    def _changes(self, sets: Told) -> dict[str, Any]:
        changes = {name: value for name, value in sets.items() if name != "assignee"}
        if "assignee" in sets:
            changes["assignee_id"] = self.team[sets["assignee"]].id
        if sets.get("status") == "snoozed":
            changes["snoozed_until"] = self.clock.now() + timedelta(hours=SNOOZED_HOURS)
        return changes

    def _turn(self, step: Told) -> None:
        """The turn that waits: claimed, its way landed, people's acts meanwhile, and then its outcome landed."""
        assert self.turn_id is not None, "the visitor has asked"
        claimed = claim.claim(self.connection, self.turn_id, lease_seconds=60, max_attempts=1)
        assert claimed is not None, "nobody else is here"
        work = snapshot.read(self.connection, claimed)
        assert work is not None
        path = (
            Step("own", "condition", step.get("route", "yes")),
            Step("case" if step.get("route", "yes") == "yes" else "shop", "llm"),
        )
        basis = self._moved(claimed, work.basis, path)
        meanwhile: Sequence[Told] = step.get("meanwhile", ())
        for one in meanwhile:
            self.play(one)
        self._pass(1 if meanwhile else _seconds(step))
        self._land(claimed, basis, self._outcome(step, path))

    def _moved(self, claimed: Claimed, basis: Basis, path: Sequence[Step]) -> Basis:
        """The routing step's position landed, as jobs/landing.py does it."""
        fresh = refetch(self.connection, claimed, basis)
        assert fresh is not None
        position = Position(path[1].node_id, WORKFLOW_VERSION)
        state = workflow_patch(basis.workflow_state, fresh.workflow_state, fresh.acts, position)
        moved = {"from": path[0].node_id, "to": position.node_id, "route": path[0].route}
        row = fetch_one(self.connection, landing_sql.move(), binding.move(claimed, fresh, state or {}, moved))
        return Basis(fresh.version + 1, basis.epoch, row.metadata["workflowState"])

    def _outcome(self, step: Told, path: tuple[Step, ...]) -> Reply | HandOff:
        usage = Usage(model="demo", model_ms=_seconds(step) * 1000, first_token_ms=900.0)
        if "hands_off" in step:
            reason: HandOffReason = step["hands_off"]
            return HandOff(reason, hand_off_words("en"), path=path, usage=usage)
        cited = (Citation(self.snippets[step["cites"]], step["cites"]),)
        return Reply(step["answers"], Position(None, WORKFLOW_VERSION), citations=cited, path=path, usage=usage)

    def _land(self, claimed: Claimed, basis: Basis, outcome: Reply | HandOff) -> None:
        fresh = refetch(self.connection, claimed, basis)
        assert fresh is not None
        decision = decide(claimed, basis, fresh, outcome)
        assert not isinstance(decision, NotOurs | Drop), "the story has the responder speak here"
        statement, parameters = binding.bind(claimed, basis, fresh, outcome, decision, None)
        assert fetch_one(self.connection, statement, parameters) is not None, "nobody else writes"


def _seconds(step: Told) -> float:
    """How long the responder thinks of it."""
    return 3 + len(step.get("answers", step.get("hands_off", ""))) / CHARACTERS_A_SECOND


def play_history(connection: Connection, project_id: int, key: str, team: Sequence[Agent]) -> None:
    """Everything in the file, the oldest first, each at its time before now."""
    clock = DemoClock(connection)
    began = clock.now()
    by_name = {agent.name.split()[0].lower(): agent for agent in team}
    named = connection.execute(text("SELECT title, id FROM snippet WHERE project_id = :it"), {"it": project_id})
    snippets = {row.title: row.id for row in named}
    for told in json.loads((DATA / "conversations.json").read_text(encoding="utf-8")):
        at = began - timedelta(minutes=told["minutes_ago"])
        story = _dialogue(told) if "dialogue" in told else _labelled(told)
        clock.step(at)
        visitor = {"name": story["visitor"], "email": story.get("email")}
        session = start_session(connection, key=key, visitor=visitor)
        play = Play(clock, by_name, snippets, session, at)
        for step in story["steps"]:
            play.play(step)
    clock.move(project_id)


def _labelled(told: Told) -> Told:
    """The story with its labels set by whom looks first, once the responder has spoken."""
    if "labels" not in told:
        return told
    steps, sets = list(told["steps"]), {"labels": told["labels"]}
    steps.insert(2, {"by": "ana", "sets": sets, "after": 40})
    return {**told, "steps": steps}


def _dialogue(told: Told) -> dict[str, Any]:
    """One of ABCD's dialogues as a story: `told` says which, who answered, and what became of it."""
    known = json.loads((DATA / "abcd" / "dialogues.json").read_text(encoding="utf-8"))
    lines = next(one for one in known if one["scenario"]["personal"]["customer_name"] == told["dialogue"])["original"]
    kinds = {"customer": "asks", "agent": "says", "action": "notes"}
    steps = [{kinds[speaker]: words, "by": told["by"], "after": 25 + len(words) / 3} for speaker, words in lines]
    ends = [{"sets": {"assignee": told["by"]} | told["sets"], "by": told["by"]}]
    return {"visitor": told["dialogue"].title(), "steps": [*steps, *ends]}
