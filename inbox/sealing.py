"""Secrets of a project at rest: sealed with a key that is derived from the installation's secret key.

Owns the sealing. A backup of the database alone tells no secret; with another SECRET_KEY they are lost and must be
entered again.
"""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

PURPOSE = b"tandem: secrets of a project's tools"  # so that no other use of the secret key yields this key


class Sealer:
    """Seals texts and opens what it, or another process with the same secret key, has sealed for the same purpose.

    Most workers never meet a secret: the 5 MiB of what opens one are loaded with the first.
    """

    def __init__(self, secret_key: str, purpose: bytes = PURPOSE) -> None:
        self._secret_key, self._purpose = secret_key, purpose

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = HKDF(hashes.SHA256(), 32, salt=None, info=self._purpose).derive(self._secret_key.encode())
        return Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        """The text as it may be stored; another sealing of the same text is different."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str | None:
        """The text, or None where the secret key is another one by now."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None
