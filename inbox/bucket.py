"""Objects in a bucket of an S3-compatible server, which only our own keys may read.

Owns the client and how long it waits. Fails as a folder does, with an OSError. Imported only where a bucket is set, for
the client takes 6 MiB of each process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, cast
from urllib.parse import urlsplit

import certifi
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from inbox.settings import Settings

# Somebody waits for a file: a bucket that does not answer is said to be away, and not waited for.
CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0  # between two pieces of an answer
TRIES = Retry(total=1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False)
CONNECTIONS = 16  # kept open at once


class Bucket:
    """Implements inbox.storage.Storage."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @classmethod
    def of(cls, settings: Settings) -> Bucket:
        """The bucket that the settings name. Connects to nothing yet."""
        address = urlsplit(str(settings.s3_url))
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
        return cls(client, str(settings.s3_bucket))

    def put(self, place: str, file: IO[bytes], size: int, media_type: str) -> None:
        """Keep the bytes."""
        with _failing_as_files_do():
            self._client.put_object(
                self._bucket, place, cast(BinaryIO, file), size, content_type=media_type, num_parallel_uploads=1
            )

    def get(self, place: str) -> IO[bytes] | None:
        """The bytes, or None where there are none. A reader who stops midway gives up the connection with it."""
        with _failing_as_files_do():
            return self._got(place)

    def delete(self, place: str) -> None:
        """Forget the bytes."""
        with _failing_as_files_do():
            self._client.remove_object(self._bucket, place)

    def _got(self, place: str) -> IO[bytes] | None:
        try:
            return cast(IO[bytes], self._client.get_object(self._bucket, place))
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise


@contextmanager
def _failing_as_files_do() -> Iterator[None]:
    try:
        yield
    except (MinioException, HTTPError) as error:
        raise OSError(f"the bucket: {error}") from error
