"""A migration that databases have had is never edited: they would differ from new ones for good."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from inbox.migrating import MIGRATIONS

FROZEN = {"0001": "782c6b2d3262d4c2152f1aeb43851dc5427280f385a0211a8d62664052f4b4cf"}


def said(path: Path) -> str:
    """What a file does; comments name tests, which may move."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\s*--.*", "", text) if path.suffix == ".sql" else re.sub(r'^""".*?"""', "", text, flags=re.DOTALL)


@pytest.mark.parametrize("revision", FROZEN)
def test_what_databases_have_had_stays_as_it_is(revision: str) -> None:
    versions = MIGRATIONS / "versions"
    files = [*versions.glob(f"{revision}_*.py"), *sorted(versions.glob(f"{revision}/*.sql"))]
    found = hashlib.sha256("".join(said(path) for path in files).encode()).hexdigest()
    assert found == FROZEN[revision], (
        f"Migration {revision} was edited. Databases that have it never run it again: "
        "undo that, and add a new revision behind the newest in inbox/migrations/versions."
    )
