"""The installation's secret key: made once and kept beside its data.

Owns the file. Sessions and short-lived tokens are signed with it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from inbox.settings import SettingsError


def secret_key(data: Path) -> str:
    """The key in `data`, made at the first call. The file is readable by its owner only. Raises SettingsError."""
    try:
        return _kept(data)
    except OSError as error:
        why = error.strerror
    raise SettingsError(
        f"The data folder {data} cannot be used ({why}). Make it writable, or set TANDEM_DATA to another."
    )


def _kept(data: Path) -> str:
    path = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()
