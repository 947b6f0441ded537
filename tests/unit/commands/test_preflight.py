"""What is looked at before anything starts, and what is said of it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from commands import preflight
from commands.no_port import no_port


def test_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_room(tmp_path)
    monkeypatch.setattr(preflight, "LEAST_ROOM_MB", 10**9)
    with pytest.raises(preflight.CannotRun, match=r"Only \d+ MB are left where .* Make room, or set TANDEM_DATA"):
        preflight.check_room(tmp_path)


def test_why_a_port_cannot_be_listened_on() -> None:
    assert "Port 80 is taken." in no_port(80, OSError(errno.EADDRINUSE, "Address already in use"))
    assert "Port 80 cannot be listened on (Permission denied)." in no_port(80, PermissionError(13, "Permission denied"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://ana:pa55word@127.0.0.1:1/none", "Connection refused"),
        ("postgresql://ana:pa55word@nowhere.invalid/none", "nowhere.invalid"),
    ],
)
def test_why_a_database_does_not_answer(url: str, why: str) -> None:
    with pytest.raises(preflight.CannotRun, match=why) as refused:
        preflight.check_database(url)
    assert "pa55word" not in str(refused.value)
