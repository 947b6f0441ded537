"""The settings that Tandem reads from its environment, checked once at the start.

Owns SURFACE's table of variables. Must not connect to anything.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

LARGEST = 10**9
RUN_FILE = "run.json"  # in the data folder while `make run` runs: commands/run_file.py
NetworkRange = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """One clear sentence about a variable; a command prints it and exits with 1."""


HOST = re.compile(r"^\w+://(?:[^/?#]*@)?([^/?#]*).*$", re.DOTALL)  # of an address, with its port


@dataclass(frozen=True)
class Settings:
    """All settings. Times are in seconds. database_url and redis_url are None where they are embedded."""

    port: int = 8000
    data: Path = Path(".tandem")
    secret_key: str | None = None
    database_url: str | None = None
    redis_url: str | None = None
    openai_base_url: str | None = None
    openai_api_key: str | None = None
    model: str = "gpt-4o-mini"
    demo: bool = True  # `make run` makes it where there is no project yet
    new_projects: bool = True  # managers make more on a page; the command line and the first link always do
    workers: int = 1
    turns: int = 100
    lease_seconds: float = 30
    sweep_seconds: float = 5
    max_attempts: int = 3
    model_connect_seconds: float = 5
    model_first_token_seconds: float = 30
    model_total_seconds: float = 120
    think_seconds: tuple[float, float] = (0.0, 0.0)
    rate_messages: str = "60/minute"
    rate_sessions: str = "120/minute"
    rate_sign_in: str = "10/minute"
    rate_calls: str = "12000/minute"
    rate_limits: bool = True
    proxies: int = 0
    private_networks: tuple[NetworkRange, ...] = ()
    s3_url: str | None = None
    s3_bucket: str | None = None
    s3_access_key: str | None = None
    s3_secret_key: str | None = None
    s3_region: str | None = None

    @property
    def offline(self) -> bool:
        """Whether no model is connected, so that the offline responder answers."""
        return not (self.openai_base_url or self.openai_api_key)

    @property
    def model_hosts(self) -> tuple[str, ...]:
        """Where the model is asked: host names alone, for an address may hold a secret."""
        urls = (self.openai_base_url or "https://api.openai.com").replace(",", " ").split()
        return tuple(HOST.sub(r"\1", url) for url in urls)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the environment; raises SettingsError for an unknown TANDEM_ variable or a bad value."""
        unknown = sorted(name for name in environment if name.startswith("TANDEM_") and name not in VARIABLES)
        if unknown:
            raise SettingsError(f"{unknown[0]} is not a setting of Tandem. {_meant(unknown[0])}")
        values: dict[str, Any] = {}
        for name, (field, parse) in VARIABLES.items():
            text = environment.get(name, "").strip()
            if text:
                values[field] = parse(name, text)
        _check_bucket(values)
        return cls(**values)


def found_servers(settings: Settings, *, needs_redis: bool = True) -> Settings:
    """The settings with the addresses of the servers of a running `make run`, where none are set.

    Raises SettingsError where there is neither. Who asks the database alone is not refused for want of a Redis.
    """
    if settings.database_url and (settings.redis_url or not needs_redis):
        return settings
    try:
        known = json.loads((settings.data / RUN_FILE).read_text())
    except (OSError, ValueError):
        raise SettingsError(
            "No running servers were found: start Tandem with `make run`, or set DATABASE_URL and REDIS_URL."
        ) from None
    return replace(
        settings,
        database_url=settings.database_url or known["database_url"],
        redis_url=settings.redis_url or known["redis_url"],
    )


def _meant(unknown: str) -> str:
    """The setting that somebody meant by a name that is none; all of them where no guess is good."""
    names = sorted(VARIABLES)
    stem = unknown.removeprefix("TANDEM_")  # which not every name begins with
    near = get_close_matches(unknown, names, 1, 0.8) or get_close_matches(stem, names, 1, 0.8)
    return f"Did you mean {near[0]}?" if near else f"Known ones: {', '.join(names)}."


def _check_bucket(values: Mapping[str, Any]) -> None:
    """A bucket is named wholly or not at all. Raises SettingsError."""
    needed = ("TANDEM_S3_URL", "TANDEM_S3_BUCKET", "TANDEM_S3_ACCESS_KEY", "TANDEM_S3_SECRET_KEY")
    missing = [name for name in needed if VARIABLES[name][0] not in values]
    if missing and len(missing) < len(needed):
        raise SettingsError(f"Files go into a bucket only with all of {', '.join(needed)}; {missing[0]} is not set.")


def _text(_name: str, text: str) -> str:
    return text


def _whole(lowest: int, highest: int) -> Callable[[str, str], int]:
    def parse(name: str, text: str) -> int:
        if re.fullmatch(r"[0-9]{1,10}", text) and lowest <= int(text) <= highest:
            return int(text)
        raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}, not {text!r}.")

    return parse


def _seconds(name: str, text: str) -> float:
    value = _number(text)
    if value is None or value <= 0:
        raise SettingsError(f"{name} must be a number of seconds above 0, not {text!r}.")
    return value


def _range(name: str, text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    ends = (_number(low), _number(high if dash else low))
    if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        raise SettingsError(f"{name} must be seconds such as 6, or a range such as 5-30, not {text!r}.")
    return ends[0], ends[1]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= LARGEST else None


def _rate(name: str, text: str) -> str:
    """Such as 60/minute; a number alone is by the minute, as the README's table has them."""
    if re.fullmatch(r"[1-9][0-9]{0,8}(/(second|minute|hour|day))?", text, re.ASCII):
        return text if "/" in text else f"{text}/minute"
    raise SettingsError(f"{name} must be a rate such as 60/minute or 5/second, not {text!r}.")


def _switch(name: str, text: str) -> bool:
    if text in {"on", "off"}:
        return text == "on"
    raise SettingsError(f"{name} must be on or off, not {text!r}.")


def _networks(name: str, text: str) -> tuple[NetworkRange, ...]:
    """Ranges such as 10.20.0.0/16, with commas. Everything at once, or where clouds tell secrets, is refused."""
    found = []
    for one in text.split(","):
        try:
            network = ipaddress.ip_network(one.strip())
        except ValueError as error:
            raise SettingsError(f"{name} must be networks such as 10.20.0.0/16, with commas: {error}.") from None
        if network.prefixlen < 8 or network.is_link_local or network.is_multicast or network.is_unspecified:
            raise SettingsError(f"{name} may not name {network}: name your own networks, each as narrow as you can.")
        found.append(network)
    return tuple(found)


def _url(*schemes: str) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if text.partition("://")[0] in schemes and "://" in text:
            return text
        raise SettingsError(f"{name} must be an address that begins with {' or '.join(s + '://' for s in schemes)}.")

    return parse


VARIABLES: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "TANDEM_PORT": ("port", _whole(1, 65535)),
    "TANDEM_DATA": ("data", lambda _name, text: Path(text)),
    "SECRET_KEY": ("secret_key", _text),
    "DATABASE_URL": ("database_url", _url("postgresql", "postgres", "postgresql+psycopg")),
    "REDIS_URL": ("redis_url", _url("redis", "rediss", "unix", "valkey", "valkeys", "redis+sentinel")),
    "OPENAI_BASE_URL": ("openai_base_url", _url("http", "https")),
    "OPENAI_API_KEY": ("openai_api_key", _text),
    "TANDEM_MODEL": ("model", _text),
    "TANDEM_DEMO": ("demo", _switch),
    "TANDEM_NEW_PROJECTS": ("new_projects", _switch),
    "TANDEM_WORKERS": ("workers", _whole(1, 64)),
    "TANDEM_TURNS": ("turns", _whole(1, 10_000)),
    "TANDEM_LEASE_SECONDS": ("lease_seconds", _seconds),
    "TANDEM_SWEEP_SECONDS": ("sweep_seconds", _seconds),
    "TANDEM_MAX_ATTEMPTS": ("max_attempts", _whole(1, 100)),
    "TANDEM_MODEL_CONNECT_SECONDS": ("model_connect_seconds", _seconds),
    "TANDEM_MODEL_FIRST_TOKEN_SECONDS": ("model_first_token_seconds", _seconds),
    "TANDEM_MODEL_TOTAL_SECONDS": ("model_total_seconds", _seconds),
    "TANDEM_THINK_SECONDS": ("think_seconds", _range),
    "TANDEM_RATE_MESSAGES": ("rate_messages", _rate),
    "TANDEM_RATE_SESSIONS": ("rate_sessions", _rate),
    "TANDEM_RATE_SIGN_IN": ("rate_sign_in", _rate),
    "TANDEM_RATE_CALLS": ("rate_calls", _rate),
    "TANDEM_RATE_LIMITS": ("rate_limits", _switch),
    "TANDEM_PROXIES": ("proxies", _whole(0, 16)),
    "TANDEM_PRIVATE_NETWORKS": ("private_networks", _networks),
    "TANDEM_S3_URL": ("s3_url", _url("http", "https")),
    "TANDEM_S3_BUCKET": ("s3_bucket", _text),
    "TANDEM_S3_ACCESS_KEY": ("s3_access_key", _text),
    "TANDEM_S3_SECRET_KEY": ("s3_secret_key", _text),
    "TANDEM_S3_REGION": ("s3_region", _text),
}


def known_url(settings: Settings) -> str:
    """Where the web process is: as a running `make run` says, else this machine's TANDEM_PORT."""
    try:
        return str(json.loads((settings.data / RUN_FILE).read_text())["url"])
    except (OSError, ValueError, KeyError):
        return f"http://127.0.0.1:{settings.port}"
