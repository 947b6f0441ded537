"""run.json in the data folder: where everything of this run is, for scripts and tests.

Owns the file. It holds a password, so nobody else may read it, and nobody reads half of it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inbox.settings import RUN_FILE


def write(data: Path, content: Mapping[str, Any]) -> None:
    """Put the file there, whole or not at all."""
    path = data / RUN_FILE
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    temporary.replace(path)


def update(data: Path, content: Mapping[str, Any]) -> None:
    """Change some of what is there; nothing where there is no file."""
    with contextlib.suppress(OSError, ValueError):
        write(data, json.loads((data / RUN_FILE).read_text()) | content)


def remove(data: Path) -> None:
    """Nothing runs here any more."""
    (data / RUN_FILE).unlink(missing_ok=True)
