"""Where the bytes of files are: a folder under TANDEM_DATA, or a bucket of an S3-compatible server.

Owns putting, getting and deleting them. Must not know whose they are: attachments.py asks that before each fetch.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from inbox.errors import Unavailable
from inbox.settings import Settings

PLACE = re.compile(r"[A-Za-z0-9_-]{32,64}")
PIECE_BYTES = 64 * 1024  # of a file that is in memory at once: whoever reads slowly costs no more
log = logging.getLogger(__name__)


@contextmanager
def answering() -> Iterator[None]:
    """Unavailable where the storage inside is not well."""
    try:
        yield
    except OSError as error:
        log.warning("The storage of files does not answer: %s", error)
        raise Unavailable("Files cannot be kept or read right now. Nothing was changed; try again.") from error


class Storage(Protocol):
    """Bytes by place: a random name that attachments.py makes."""

    def put(self, place: str, file: IO[bytes], size: int, media_type: str) -> None:
        """Keep the file's bytes, of which there are so many."""

    def get(self, place: str) -> IO[bytes] | None:
        """The bytes, to be read and closed, or None where there are none."""

    def delete(self, place: str) -> None:
        """Forget the bytes; no error where there are none."""


class Folder:
    """Files in a folder of this machine. Several machines need a bucket instead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, place: str, file: IO[bytes], size: int, media_type: str) -> None:
        """Keep the bytes: whole or not at all, readable by our own user only."""
        path, part = self._path(place), self._part(place)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
                shutil.copyfileobj(file, kept, PIECE_BYTES)
            part.replace(path)
        except OSError:  # a full disk: what is of no use need not fill it
            part.unlink(missing_ok=True)
            raise

    def get(self, place: str) -> IO[bytes] | None:
        """The bytes, or None where there are none."""
        try:
            return self._path(place).open("rb")
        except FileNotFoundError:
            return None

    def delete(self, place: str) -> None:
        """Forget the bytes, also those of a file that never came whole."""
        for path in (self._part(place), self._path(place)):
            path.unlink(missing_ok=True)

    def _part(self, place: str) -> Path:
        return self._path(place).with_suffix(".part")

    def _path(self, place: str) -> Path:
        assert PLACE.fullmatch(place)
        return self._folder / place[:2] / place


def storage_of(settings: Settings) -> Storage:
    """The bucket where TANDEM_S3_URL names a server, else a folder under TANDEM_DATA. Connects to nothing yet."""
    if settings.s3_url is None:
        return Folder(settings.data / "attachments")
    from inbox.bucket import Bucket  # 6 MiB that a process without one is spared

    return Bucket.of(settings)
