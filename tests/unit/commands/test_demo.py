"""`flask demo`: what it does with no more words."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from commands.demo import demo


@pytest.mark.parametrize("words", [[], ["create"]])
def test_demo_alone_makes_the_project(words: list[str]) -> None:
    nowhere = {"TANDEM_DATA": "/none", "DATABASE_URL": None, "REDIS_URL": None}
    done = CliRunner().invoke(demo, words, env=nowhere)
    assert (done.exit_code, "No running servers were found" in done.output) == (1, True), done.output
