"""Secrets that are told once: how they are made and how they are stored.

Owns both. A token has 256 random bits, so a plain SHA-256 of it is safe to store; passwords are access's.
"""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
