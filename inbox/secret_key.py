"""The installation's secret key: SECRET_KEY, or one that is made once and kept beside its data.

Owns the file. Sessions and short-lived tokens are signed with it.
"""

from __future__ import annotations

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
    data.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()
