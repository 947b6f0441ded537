"""How often one may ask: messages, sessions, sign-ins.

Owns the limits. Counted in Redis; while it is away each process counts for itself, and nobody is refused for that.

`flask replay` is not limited: it sends the header that `replay_pass` makes, signed with the installation's key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter, RequestLimit, RouteLimit
from flask_limiter.util import get_remote_address
from itsdangerous import BadSignature, URLSafeTimedSerializer
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from inbox.settings import Settings
from inbox.tokens import digest

PASS_HEADER = "X-Tandem-Replay"
TYPING_RATE = "60/minute"  # a page that types says so every 4 s
PASS_SECONDS = 6 * 3600

# Its own headers would ask Redis twice more with every request, a visitor's too; programs are told by `_say_how_much`.
limiter = Limiter(get_remote_address, headers_enabled=False, in_memory_fallback_enabled=True, swallow_errors=True)


def register(app: Flask, settings: Settings) -> None:
    """Count in the settings' Redis."""
    app.config["RATELIMIT_STORAGE_URI"] = _storage(settings.redis_url)
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 1.0,
        "retry": Retry(NoBackoff(), 0),  # the library's own would wait for seconds
    }
    if str(settings.redis_url).startswith("redis+sentinel"):
        app.config["RATELIMIT_STORAGE_OPTIONS"]["use_replicas"] = False  # a replica counts late
    app.config["RATELIMIT_ENABLED"] = settings.rate_limits
    app.after_request(_say_when)
    app.after_request(_say_how_much)
    limiter.init_app(app)


def _say_when(response: Response) -> Response:
    refused = limiter.current_limit
    if response.status_code == 429 and refused is not None and refused.breached:
        response.headers["Retry-After"] = str(_seconds_until(refused))
    return response


def _say_how_much(response: Response) -> Response:
    """Programs with a token hear how much they may still ask: tests/integration/test_openapi.py."""
    counted = limiter.current_limit
    if counted is None or not request.path.startswith("/api/v1/") or request.path.startswith("/api/v1/widget/"):
        return response
    try:
        left, until = counted.remaining, int(counted.reset_at)
    except RedisError:  # it went away a moment ago, and nobody is refused for that
        return response
    response.headers["X-RateLimit-Limit"] = str(counted.limit.amount)
    response.headers["X-RateLimit-Remaining"] = str(max(0, left))
    response.headers["X-RateLimit-Reset"] = str(until)
    return response


def _seconds_until(refused: RequestLimit) -> int:
    try:
        return max(1, int(refused.reset_at - time.time()))
    except RedisError:  # it went away a moment ago; the process's own count begins anew
        return 1


def replay_pass(secret_key: str) -> str:
    """The value of PASS_HEADER for whoever has the installation's key."""
    return str(URLSafeTimedSerializer(secret_key, salt="replay").dumps("replay"))


def _limit(rate: Callable[[Settings], str], key: Callable[[], str]) -> RouteLimit:
    return limiter.limit(lambda: rate(_settings()), key_func=key, exempt_when=_has_pass)


def _settings() -> Settings:
    return cast(Settings, current_app.config["TANDEM"])


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


def _address_and_account() -> str:
    return f"{get_remote_address()}:{request.form.get('email', '').strip().lower()[:320]}"


def _storage(redis_url: str | None) -> str:
    """The address in the form that the limits library reads: unix sockets are `redis+unix://` there."""
    if redis_url is None:
        return "memory://"
    scheme, _, rest = redis_url.partition("://")
    known = {"unix": "redis+unix", "valkey": "redis", "valkeys": "rediss"}
    return f"{known.get(scheme, scheme)}://{rest}"


limited_messages = _limit(lambda settings: settings.rate_messages, _token)
limited_typing = _limit(lambda settings: TYPING_RATE, _token)
limited_sessions = _limit(lambda settings: settings.rate_sessions, get_remote_address)
limited_sign_in = _limit(lambda settings: settings.rate_sign_in, _address_and_account)
# Of somebody who is signed in and says their password once more.
limited_passwords = _limit(lambda settings: settings.rate_sign_in, get_remote_address)
# All calls with one token count together, wherever they go.
limited_calls = limiter.shared_limit(
    lambda: _settings().rate_calls, scope="calls", key_func=_token, exempt_when=_has_pass
)
