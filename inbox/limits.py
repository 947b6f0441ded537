"""How often one may ask: messages, sessions, sign-ins.

Owns the limits. Counted in Redis; while it is away each process counts for itself, and nobody is refused for that.

`flask replay` is not limited: it sends the header that `replay_pass` makes, signed with the installation's key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from ipaddress import IPv6Address, IPv6Network
from operator import itemgetter
from typing import Any, cast

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from inbox import crowd
from inbox.counting import Counter, Window
from inbox.errors import RateLimited
from inbox.saying import later
from inbox.settings import Settings
from inbox.tokens import digest
from inbox.wiring import Wiring

PASS_HEADER = "X-Tandem-Replay"
TYPING_RATE = "60/minute"  # a page that types says so every 4 s
GUESSES_RATE = "100/hour"  # for one account from everywhere together: far more than its owner mistypes
PASS_SECONDS = 6 * 3600
TOO_MANY = later("Too many requests. Wait a moment and try again.")
TOO_MANY_GUESSES = later(
    "Somebody tried many passwords for this account. Sign in where you did before, or with a passkey, or in an hour."
)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}

View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Limit:
    """How often whom; by each route for itself, or together in all that share the scope.

    Where it is `lenient`, nobody waits for Redis within the first tenth of it, and each web process may let a tenth
    more pass: for visitors who write, not for who guesses passwords.
    """

    rate: Callable[[Settings], str]
    who: Callable[[], str]
    scope: str | None = None
    lenient: bool = False

    def window(self, settings: Settings, asker: str) -> tuple[int, Window]:
        """How many at most, and where this request of the asker counts."""
        number, _, unit = self.rate(settings).partition("/")
        most, key = int(number), f"tandem:limit:{self.scope or request.endpoint}:{asker}"
        return most, Window(key, SECONDS[unit], most // 10 if self.lenient else 0)


def register(app: Flask) -> None:
    """Tell of the limits."""
    app.after_request(_tell)


def _limited(limit: Limit) -> Callable[[View], View]:
    """A decorator. Where it meets a view that is limited already, both limits count, and the nearer one is told."""

    def decorate(view: View) -> View:
        inner, others = _LIMITED.get(view, (view, ()))
        limits = (limit, *others)

        @wraps(view)
        def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
            _count(limits)
            return inner(*arguments, **named)

        _LIMITED[asked] = (inner, limits)
        return asked

    return decorate


_LIMITED: dict[View, tuple[View, tuple[Limit, ...]]] = {}  # a limited view: what is behind it, and its limits


def _count(limits: Sequence[Limit], refusal: str = TOO_MANY) -> None:
    """One more of each. Raises RateLimited."""
    wiring = _wiring()
    if not wiring.settings.rate_limits or _has_pass():
        return
    askers = {who: who() for who in {limit.who for limit in limits}}
    known = [limit.window(wiring.settings, askers[limit.who]) for limit in limits]
    counts = wiring.counter.count([window for _, window in known])
    left = [(most, most - count, window) for (most, window), count in zip(known, counts, strict=True)]
    g.counted = counted = min(left, key=itemgetter(1))
    if counted[1] < 0:
        raise RateLimited(refusal)


def streams_of(conversation_id: int) -> crowd.Whose:
    """As whom a visitor's event stream counts; as nobody where nothing is limited."""
    if not _wiring().settings.rate_limits or _has_pass():
        return crowd.NOBODYS
    return crowd.visitors(conversation_id, _address())


def _tell(response: Response) -> Response:
    """Who is refused hears for how long; programs with a token always how much they may still ask:
    tests/integration/test_openapi.py."""
    counted = g.get("counted")
    if counted is None:
        return response
    most, left, window = counted
    refused = left < 0 and response.status_code == RateLimited.status
    path = request.path
    told = path.startswith("/api/v1/") and not path.startswith("/api/v1/widget/")
    seconds_left = _wiring().counter.seconds_left(window) if refused or told else 0
    if refused:
        response.headers["Retry-After"] = str(max(1, seconds_left))
    if told:
        response.headers["X-RateLimit-Limit"] = str(most)
        response.headers["X-RateLimit-Remaining"] = str(max(0, left))
        response.headers["X-RateLimit-Reset"] = str(int(time.time()) + seconds_left)
    return response


def _wiring() -> Wiring:  # as inbox/api/asking.py finds it, which imports this
    return cast(Wiring, current_app.extensions["tandem"])


def replay_pass(secret_key: str) -> str:
    """The value of PASS_HEADER for whoever has the installation's key."""
    return str(URLSafeTimedSerializer(secret_key, salt="replay").dumps("replay"))


def _has_pass() -> bool:
    given = request.headers.get(PASS_HEADER)
    if given is None:
        return False
    try:
        URLSafeTimedSerializer(str(current_app.secret_key), salt="replay").loads(given, max_age=PASS_SECONDS)
    except BadSignature:
        return False
    return True


def _token() -> str:
    # The token alone: a header written with another case or more spaces is no other visitor.
    return digest(request.headers.get("Authorization", "").partition(" ")[2].strip()).hex()


def _address() -> str:
    return whereabouts(request.remote_addr or "")


def whereabouts(address: str) -> str:
    """An address as it is counted: of IPv6 its network, for whoever has one has all 2⁶⁴ of it."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:  # a proxy's own words
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed) >> 64 << 64, 64)))


def _address_and_account() -> str:
    return f"{_address()}:{named_account(request.form.get('email', ''))}"


def named_account(email: str) -> str:
    """The account that somebody means who types this: however it is written, it is one account."""
    return email.replace("\x00", "").strip()[:320].strip().lower()


limited_messages = _limited(Limit(lambda settings: settings.rate_messages, _token, lenient=True))
limited_typing = _limited(Limit(lambda settings: TYPING_RATE, _token, lenient=True))
limited_sessions = _limited(Limit(lambda settings: settings.rate_sessions, _address))
# Of somebody who says their password where no account is named beside it, or once more.
limited_passwords = _limited(Limit(lambda settings: settings.rate_sign_in, _address))
_limited_accounts = _limited(Limit(lambda settings: settings.rate_sign_in, _address_and_account))


def limited_sign_in(view: View) -> View:
    """A decorator: by account, and by address for whoever tries many accounts; a whole office signs in at nine."""
    return limited_sessions(_limited_accounts(view))


def count_guess(account: str) -> None:
    """One more password that is tried for this account, from wherever. Raises RateLimited."""
    _count([_guesses(account)], TOO_MANY_GUESSES)


def forget_guesses(counter: Counter, settings: Settings, account: str) -> None:
    """None were tried for this account."""
    counter.forget(_guesses(account).window(settings, account)[1])


def _guesses(account: str) -> Limit:
    return Limit(lambda _settings: GUESSES_RATE, lambda: account, scope="guesses")


# All calls with one token count together, wherever they go.
limited_calls = _limited(Limit(lambda settings: settings.rate_calls, _token, scope="calls"))
limited_visits = _limited(Limit(lambda settings: settings.rate_calls, _token, scope="calls", lenient=True))
