"""Wiring only: the settings go in, the application comes out. Every command of `flask` is registered here.

Owns which parts meet. Must not hold behaviour.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import commands
from inbox import compressing, failures, language, limits, security, static_files
from inbox.api import cors
from inbox.api import routes as api_routes
from inbox.company import Company
from inbox.counting import Counter
from inbox.database import connect
from inbox.hub import Hub
from inbox.pages import routes as page_routes
from inbox.placed import Places
from inbox.presence import Presence
from inbox.pulse import Pulse
from inbox.reception import Reception
from inbox.redis import Unheard, redis_client
from inbox.sealing import Sealer
from inbox.secret_key import secret_key
from inbox.services import Services
from inbox.settings import Settings, SettingsError, found_servers
from inbox.storage import storage_of
from inbox.wiring import Wiring
from jobs.queue import RqTurnQueue
from jobs.race import ThreadRaceLab
from jobs.workshop import LocalWorkshop

LARGEST_BODY_BYTES = 256 * 1024
DATABASE_SECONDS = 10.0  # far more than any page takes; then one hears that it does not answer
REDIS_SECONDS = 1.0  # a person's click never waits longer for a Redis that hangs; all that it carries is hints
REDIS_REST_SECONDS = 2.0  # a blip costs no more live updates than that; a longer silence, a second in three


class Application(Flask):
    """Flask as we want it, which need not ask whether what it calls is a coroutine: nothing here is one."""

    def __init__(self) -> None:
        super().__init__(__name__)
        self.config.update(
            MAX_CONTENT_LENGTH=LARGEST_BODY_BYTES,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_HTTPONLY=True,
            WTF_CSRF_TIME_LIMIT=None,
        )
        self.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it

    def ensure_sync(self, func: Any) -> Any:
        return func


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The web application on the settings' servers; without settings those of the environment.

    Where no servers are known it serves no request, so that `flask --help` and the commands still work.
    """
    app = Application()
    asked_by_flask = settings is None
    if asked_by_flask:  # a web process has no commands, and is up a third sooner without their parts
        commands.register(app)
    try:
        settings = found_servers(settings or Settings.from_environment(os.environ))
        wire(app, settings, services)
    except SettingsError:
        if not asked_by_flask:
            raise
        return app
    for part in (compressing, static_files, failures, security, language, cors, limits, api_routes, page_routes):
        part.register(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as Flask would have it
    return app


def wire(app: Flask, settings: Settings, services: Services | None = None) -> None:
    """Connect the application to the settings' servers: all that differs from one installation to another."""
    settings = replace(settings, secret_key=secret_key(settings))
    app.secret_key = settings.secret_key
    redis = redis_client(str(settings.redis_url), patience_seconds=REDIS_SECONDS, rest_seconds=REDIS_REST_SECONDS)
    tell = Unheard(redis)
    if services is None:
        engine = connect(str(settings.database_url), application="tandem web", patience_seconds=DATABASE_SECONDS)
        services = Services(engine, RqTurnQueue(redis, tell))
    app.extensions["tandem"] = Wiring(
        settings,
        services,
        Hub(services.database, redis),
        Presence(redis),
        ThreadRaceLab(services.database, redis),
        LocalWorkshop(services.database, settings),
        storage_of(settings),
        Sealer(str(settings.secret_key)),
        Company(redis),
        Pulse(services.database),
        Places(redis),
        Counter(redis, tell),
        Reception(services),
    )
