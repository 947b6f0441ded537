"""The command line behind app.py: starting servers, migrating, playing customers. Wiring, like app.py itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a worker has no use for it
    from flask import Flask


def register(app: Flask) -> None:
    """Add every command to `flask`."""
    from commands import accounts, demo, evaluate, fill, processes, race, replay

    demo.demo.add_command(fill.fill_command)
    for command in (
        processes.web,
        processes.worker,
        processes.migrate,
        processes.sweep,
        accounts.project,
        accounts.agent,
        demo.demo,
        replay.replay,
        race.race,
        evaluate.evaluate,
    ):
        app.cli.add_command(command)
