"""How a command is asked and ends: a project's id is one that the database can hold."""

from __future__ import annotations

from click import command, option
from click.testing import CliRunner

from commands.result import PROJECT_ID


@command()
@option("--project", type=PROJECT_ID)
def asked(project: int) -> None:
    """Asked for a project."""


def test_no_project_has_a_number_beyond_the_database() -> None:
    assert CliRunner().invoke(asked, ["--project", "9223372036854775807"]).exit_code == 0
    beyond = CliRunner().invoke(asked, ["--project", "9223372036854775808"])
    assert beyond.exit_code == 2
    assert "is not in the range" in beyond.output
