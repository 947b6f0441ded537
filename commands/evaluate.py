"""`flask evaluate`: labelled customer questions through a project's workflow, for any model.

Owns the command's options. What it does is in commands/evaluating.py, loaded when it is asked for: it brings the
model's SDK, and every other command would wait for that.
"""

from __future__ import annotations

from pathlib import Path

import click

from commands.result import PROJECT_ID, print_result


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--project", "project_id", type=PROJECT_ID, required=True)
@click.option("--limit", type=click.IntRange(1), default=None, help="Only the first N questions.")
@click.option("--parallel", type=click.IntRange(1, 256), default=16, show_default=True)
def evaluate(file: Path, project_id: int, limit: int | None, parallel: int) -> None:
    """How well the project's workflow routes the labelled questions of a CSV (columns text and category).

    Only decisions are asked for, no replies. Prints accuracy and a confusion table; the last line is JSON.
    """
    from commands import evaluating

    print_result(evaluating.route_all(file, project_id, limit=limit, parallel=parallel))
