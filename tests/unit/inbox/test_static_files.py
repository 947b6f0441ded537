"""Addresses of static files hold what the files hold."""

from __future__ import annotations

from pathlib import Path

from inbox.static_files import digest_of


def test_the_digest_changes_with_a_byte_and_with_a_name(tmp_path: Path) -> None:
    file = tmp_path / "css" / "a.css"
    file.parent.mkdir()
    file.write_text("a {}")
    before = digest_of(tmp_path)
    assert digest_of(tmp_path) == before
    file.write_text("b {}")
    changed = digest_of(tmp_path)
    file.rename(file.with_name("b.css"))
    assert len({before, changed, digest_of(tmp_path)}) == 3
