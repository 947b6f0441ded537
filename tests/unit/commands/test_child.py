"""A child process and its log."""

from __future__ import annotations

import signal
import stat
from pathlib import Path

from commands.child import start


def test_a_log_is_nobody_elses_to_read(tmp_path: Path) -> None:
    for word in ("first", "second"):
        command = ["echo", word]
        start(command, log=tmp_path / "log", identity=lambda: None, dies_with=signal.SIGKILL).wait()
    assert (tmp_path / "log").read_text() == "first\nsecond\n"
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600
