"""`make accuracy`: what the offline responder's routing reaches on labelled questions, beside a trained baseline.

Owns the comparison. The offline responder has never seen a question: it compares words with the team's own
descriptions of the cases. The baseline has: a bag of words with logistic regression (scikit-learn), cross-validated
five-fold, so that it is judged on questions that it was not trained on. Both see the same questions, those of the
workflow's own routes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from commands.customers import DATA, read_labelled
from jobs.evaluating import Score, plain, route_of, routes_of
from responder.model import Model
from responder.shipped import definition_of
from responder.snapshot import ConversationView, ProjectView, Said, Snapshot, VisitorView

FOLDS = 5


class Offline:
    """Settings in which no model is connected."""

    openai_base_url = None
    openai_api_key = None
    model = ""
    model_connect_seconds = model_first_token_seconds = model_total_seconds = 5.0
    think_seconds = (0.0, 0.0)


def main() -> None:
    """Measure both, print one line of JSON."""
    asked = argparse.ArgumentParser(prog="make accuracy", description=__doc__)
    asked.add_argument("file", type=Path, nargs="?", default=DATA / "banking77" / "questions.csv")
    asked.add_argument("--workflow", default="bank-questions", help="one that ships")
    chosen = asked.parse_args()
    definition = definition_of(chosen.workflow)
    if definition is None:
        sys.exit(f"No workflow named {chosen.workflow} ships.")
    routes = {plain(route) for route in routes_of(definition)}
    questions = [(words, label) for words, label in read_labelled(chosen.file) if plain(label) in routes]
    print(f"{len(questions)} questions of {len(routes)} routes", file=sys.stderr)
    ours, baseline = offline(definition, questions), trained(questions)
    print(json.dumps({"questions": len(questions), "offline": ours, "bag_of_words_trained": baseline}))


def offline(definition: dict[str, Any], questions: list[tuple[str, str]]) -> float:
    """The share that the offline responder routes right."""
    model, score = Model.from_settings(Offline()), Score(routes_of(definition))
    for words, label in questions:
        score.add(label, route_of(_asked(definition, words), model))
    return float(score.as_json()["accuracy"])


def trained(questions: list[tuple[str, str]]) -> float:
    """The share that the baseline predicts right, mean of the folds."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    least = min(sum(label == one for _, label in questions) for one in {label for _, label in questions})
    folds = StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=0)
    bag = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1000))
    words, labels = zip(*questions, strict=True)
    return round(float(cross_val_score(bag, list(words), list(labels), cv=folds).mean()), 4)


def _asked(definition: dict[str, Any], words: str) -> Snapshot:
    return Snapshot(
        project=ProjectView(1, "Bank", "orchestrator", "", ""),
        visitor=VisitorView(1, None, None),
        conversation=ConversationView(1, "open", "normal", ()),
        history=(Said(1, "visitor", None, words),),
        workflow=definition,
        workflow_version=None,
        workflow_state=None,
    )


if __name__ == "__main__":
    main()
