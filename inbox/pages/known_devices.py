"""Browsers that know an account: somebody signed in to it there before, and a signed cookie says so.

Owns the cookie and for whom a guess of a password counts. All browsers to which an account is new share what may be
guessed for it; one that knows it has a count of its own, so that strangers who guess from many addresses do not keep
its owner out. The cookie opens nothing: tests/integration/test_guesses.py
"""

from __future__ import annotations

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from inbox import limits
from inbox.counting import Counter
from inbox.settings import Settings
from inbox.tokens import digest, new_token

COOKIE = "tandem_device"
DAYS = 180
MOST_ACCOUNTS = 5  # that one browser is known for


def count_guess_for(email: str) -> None:
    """Somebody says a password for this account. Raises RateLimited."""
    account = _mark(email)
    here = digest(request.cookies.get(COOKIE, "")).hex()
    limits.count_guess(f"{account}:{here}" if account in _known() else account)


def forget_guesses(counter: Counter, settings: Settings, email: str) -> None:
    """Whoever has a new password comes in with it wherever they are, though somebody guessed at the one before."""
    limits.forget_guesses(counter, settings, _mark(email))


def remember(response: Response, email: str) -> None:
    """Know this browser: they have proved that the account is theirs."""
    account = _mark(email)
    known = [account, *(other for other in _known() if other != account)][:MOST_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        _signer().dumps([new_token(), *known]),  # no two are alike, so each has a count of its own
        max_age=DAYS * 86_400,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _known() -> list[str]:
    try:
        _, *known = _signer().loads(request.cookies.get(COOKIE, ""), max_age=DAYS * 86_400)
    except (BadSignature, TypeError, ValueError):
        return []
    return [str(account) for account in known]


def _mark(email: str) -> str:
    return digest(limits.named_account(email)).hex()[:32]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="a device that knows an account")
