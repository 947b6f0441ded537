"""Passwords: which may be chosen, their hashes, and whether one is right.

Owns the hashing library, which is loaded with the first password: a worker never meets one. Whoever has one thread for
many requests says where the work is done (commands/password_thread.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from inbox.errors import Invalid
from inbox.saying import later
from inbox.tokens import new_token

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 10, 1000  # characters
BUSY = later("Too many people sign in at this moment. Try again.")
Runner = Callable[..., Any]  # the work and its arguments to what it comes to


def _here(work: Callable[..., Any], *arguments: str) -> Any:
    return work(*arguments)


run: Runner = _here


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


def require_fitting(password: str) -> None:
    """Raise Invalid for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        words = f"has to have {SHORTEST} to {LONGEST} characters"
        raise Invalid(f"The password {words}.", fields={"password": words})


def hash_password(password: str) -> str:
    """An argon2id hash with the library's current parameters."""
    return str(run(_hasher().hash, password))


@cache
def of_nobody() -> str:
    """Compared against where no such agent exists, so that a guess takes as long either way."""
    return hash_password(new_token())


def matches(stored: str, password: str) -> bool:
    """Whether the password is the stored hash's."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return bool(run(_hasher().verify, stored, password))
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than the library's current ones."""
    return _hasher().check_needs_rehash(stored)
