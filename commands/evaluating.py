"""Labelled questions through a workflow: asked at once, counted, and shown as a table for people.

Owns the progress and the table; jobs/evaluating.py routes and counts. Loaded by commands/evaluate.py alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from tqdm import tqdm

from commands.customers import BadFile, read_labelled
from commands.result import database, give_up, say, servers
from inbox import workflows
from inbox.errors import NotFound
from inbox.workshop import Trial
from jobs import toolbox, trying
from jobs.evaluating import Score, route_of, routes_of
from responder.model import Model
from responder.snapshot import Said, Snapshot

SHOWN_CONFUSIONS = 15


def route_all(file: Path, project_id: int, *, limit: int | None, parallel: int) -> dict[str, Any]:
    """Route the file's questions, show the table, and return the result. Gives up with a sentence where it cannot."""
    settings = servers()
    try:
        questions = read_labelled(file, limit)
    except BadFile as error:
        give_up(str(error))
    snapshot = _snapshot(database(settings), project_id)
    score = Score(routes_of(snapshot.workflow or {}))
    if not score.routes:
        give_up(f"The workflow of project {project_id} decides nothing: it has no condition and no switch.")
    started = time.monotonic()
    model = _ask_all(snapshot, Model.from_settings(settings), questions, score, parallel)
    result = {"model": model, **score.as_json(), "seconds": round(time.monotonic() - started, 2)}
    _show(result)
    return result


def _snapshot(engine: Engine, project_id: int) -> Snapshot:
    with engine.connect() as connection:
        found = workflows.current(connection, project_id)
        trial = Trial(project_id, found["definition"] if found else {}, "")
        try:
            snapshot = trying.snapshot_of(connection, trial, toolbox.read(connection, project_id, {}))
        except NotFound:
            give_up(f"There is no project {project_id}.")
    if found is None:
        give_up(f"Project {project_id} has no workflow. Save one, or make a project with --workflow FILE.")
    return snapshot


def _ask_all(
    snapshot: Snapshot, model: Model, questions: Sequence[tuple[str, str]], score: Score, parallel: int
) -> str | None:
    """Route every question and count it; returns the name of the model that decided."""
    named: str | None = None
    with ThreadPoolExecutor(parallel) as pool, tqdm(total=len(questions), unit="question") as bar:
        asked = {
            pool.submit(route_of, replace(snapshot, history=(Said(1, "visitor", None, words),)), model): label
            for words, label in questions
        }
        for done in as_completed(asked):
            routed = done.result()
            score.add(asked[done], routed)
            named = named or routed.model
            bar.update()
    return named


def _show(result: dict[str, Any]) -> None:
    for line in result["labels"]:
        say(f"{_percent(line['recall']):>6} of {line['questions']:>5}  {line['label']}")
    if result["confusion"]:
        say("Taken for something else, most often first:")
    for one in result["confusion"][:SHOWN_CONFUSIONS]:
        say(f"{one['questions']:>6}  {one['label']} → {one['route']}")
    if result["failed"]:
        say("Not decided: " + ", ".join(f"{count} × {reason}" for reason, count in result["failed"].items()))
    say(f"{result['correct']} of {result['questions']} right: {_percent(result['accuracy'])}, by {result['model']}.")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
