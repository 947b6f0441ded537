"""Secrets that are told once: how they are made and how they are stored.

Owns both. A token has 256 random bits, so a plain SHA-256 of it is safe to store; passwords are passwords.py's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_of(seed: str, secret_key: str) -> str:
    """The token that belongs to a seed, for whoever has the installation's key: for one that must be told twice."""
    made = hmac.digest(secret_key.encode(), b"token of " + seed.encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
