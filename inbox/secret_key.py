"""The installation's secret key: SECRET_KEY, or one that is made once and kept beside its data.

Owns the file. Sessions and short-lived tokens are signed with it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from inbox.settings import Settings, SettingsError


def secret_key(settings: Settings) -> str:
    """The key. Raises SettingsError where it is in the data folder, and that cannot be used."""
    try:
        return settings.secret_key or _kept(settings.data)
    except OSError as error:
        why = error.strerror
    raise SettingsError(
        f"The data folder {settings.data} cannot be used ({why}). Make it writable, or set TANDEM_DATA to another."
    )


def _kept(data: Path) -> str:
    """The key in `data`, made at the first call. The file is readable by its owner only."""
    path = data / "secret_key"
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    data.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        # Of two processes that start at once the second waits for what the first one writes:
        # tests/unit/inbox/test_secret_key.py::test_two_that_start_at_once
        fcntl.flock(file, fcntl.LOCK_EX)
        kept = file.read().strip()
        if not kept:
            kept = secrets.token_urlsafe(48)
            file.write(kept)
    return kept
