"""A migration that databases have had is never edited: they would differ from new ones for good."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from inbox.migrating import MIGRATIONS

VERSIONS = MIGRATIONS / "versions"
FROZEN = {
    "0001": "782c6b2d3262d4c2152f1aeb43851dc5427280f385a0211a8d62664052f4b4cf",
    "0002": "a10ad67fce64151839ba9be3196b1aaebce8589fefbce9593080f1acd95a8125",
    "0003": "88d08f655f326b2d99b5c50f7e265cd081cdf663f3926e0db4b8179862cf0b88",
    "0004": "397dfcc5e704531f26496283a384b1ed35f9dfadc8d27036f5b59edbfcf269a4",
    "0005": "91b3b5147ec588c9614eb0321ad5251d6d1396a58aa395b41f23594aede71111",
    "0006": "ee271d20e096b997b2da9079f9a5b784487d2643d094093322ee804944b3bbfd",
    "0007": "cc7c6c032c5f63e708c9e821dca67a3b84ad97217ae57728a360068e9894f6d5",
    "0008": "9559ddcde59326656f60f9488819134279d832bfdd95e0035c71727915f178db",
}


def said(path: Path) -> str:
    """What a file does; comments name tests, which may move."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\s*--.*", "", text) if path.suffix == ".sql" else re.sub(r'^""".*?"""', "", text, flags=re.DOTALL)


def digest(revision: str) -> str:
    files = [*VERSIONS.glob(f"{revision}_*.py"), *sorted(VERSIONS.glob(f"{revision}/*.sql"))]
    return hashlib.sha256("".join(said(path) for path in files).encode()).hexdigest()


@pytest.mark.parametrize("revision", sorted(path.name.partition("_")[0] for path in VERSIONS.glob("*.py")))
def test_what_databases_have_had_stays_as_it_is(revision: str) -> None:
    found = digest(revision)
    assert revision in FROZEN, f'A new migration is frozen as it comes: add "{revision}": "{found}" to FROZEN.'
    assert found == FROZEN[revision], (
        f"Migration {revision} was edited. Databases that have it never run it again: undo that, and add a new "
        "revision behind the newest in inbox/migrations/versions."
    )


def test_none_is_gone() -> None:
    assert all(list(VERSIONS.glob(f"{revision}_*.py")) for revision in FROZEN)
