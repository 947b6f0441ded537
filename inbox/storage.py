"""Where the bytes of files are: a folder under TANDEM_DATA, or a bucket of an S3-compatible server.

Owns putting, getting and deleting them. Must not know whose they are: attachments.py asks that before each fetch.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import certifi
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from inbox.errors import Unavailable
from inbox.settings import Settings

PLACE = re.compile(r"[A-Za-z0-9_-]{32,64}")
log = logging.getLogger(__name__)
FAILURES = (OSError, MinioException, HTTPError)  # what a folder or a bucket that is not well raises


# Somebody waits for a file: a bucket that does not answer is said to be away, and not waited for.
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0  # between two pieces of an answer
TRIES = Retry(total=1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False)
CONNECTIONS = 16  # kept open at once


@contextmanager
def answering() -> Iterator[None]:
    """Unavailable where the storage inside is not well."""
    try:
        yield
    except FAILURES as error:
        log.warning("The storage of files does not answer: %s", error)
        raise Unavailable("Files cannot be kept or read right now. Nothing was changed; try again.") from error


class Storage(Protocol):
    """Bytes by place: a random name that attachments.py makes."""

    def put(self, place: str, data: bytes, media_type: str) -> None:
        """Keep the bytes."""

    def get(self, place: str) -> bytes | None:
        """The bytes, or None where there are none."""

    def delete(self, place: str) -> None:
        """Forget the bytes; no error where there are none."""


class Folder:
    """Files in a folder of this machine. Several machines need a bucket instead."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, place: str, data: bytes, media_type: str) -> None:
        """Keep the bytes: whole or not at all, readable by our own user only."""
        path = self._path(place)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)

    def get(self, place: str) -> bytes | None:
        """The bytes, or None where there are none."""
        try:
            return self._path(place).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, place: str) -> None:
        """Forget the bytes."""
        self._path(place).unlink(missing_ok=True)

    def _path(self, place: str) -> Path:
        assert PLACE.fullmatch(place)
        return self._folder / place[:2] / place


class Bucket:
    """Objects in a bucket, which only our own keys may read."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, place: str, data: bytes, media_type: str) -> None:
        """Keep the bytes."""
        self._client.put_object(self._bucket, place, BytesIO(data), len(data), content_type=media_type)

    def get(self, place: str) -> bytes | None:
        """The bytes, or None where there are none."""
        response = None
        try:
            response = self._client.get_object(self._bucket, place)
            return bytes(response.read())
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise
        finally:
            if response is not None:
                response.close()
                response.release_conn()

    def delete(self, place: str) -> None:
        """Forget the bytes."""
        self._client.remove_object(self._bucket, place)


def storage_of(settings: Settings) -> Storage:
    """The bucket where TANDEM_S3_URL names a server, else a folder under TANDEM_DATA. Connects to nothing yet."""
    if settings.s3_url is None:
        return Folder(settings.data / "attachments")
    address = urlsplit(settings.s3_url)
    client = Minio(
        address.netloc,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        secure=address.scheme == "https",
        region=settings.s3_region,
        http_client=PoolManager(
            timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            retries=TRIES,
            maxsize=CONNECTIONS,
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        ),
    )
    return Bucket(client, str(settings.s3_bucket))
