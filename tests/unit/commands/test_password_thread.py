"""A password is looked at beside everything else, and not by more at once than may wait for it."""

from __future__ import annotations

import threading

import gevent
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from gevent.event import Event

from commands.password_thread import MOST_AT_ONCE, PasswordThread
from inbox import passwords
from inbox.errors import Unavailable


def test_others_go_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "run", PasswordThread())
    went_on = Event()
    gevent.spawn(went_on.set)
    hashed = passwords.hash_password("long enough")
    assert went_on.is_set(), "the hashing held this thread"
    assert [passwords.matches(hashed, word) for word in ("long enough", "another")] == [True, False]


def test_a_wrong_password_is_nothing_to_write_down(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(VerifyMismatchError):
        PasswordThread()(PasswordHasher().verify, passwords.hash_password("long enough"), "another")
    assert capfd.readouterr().err == ""


def test_few_wait_for_it() -> None:
    run, held = PasswordThread(), threading.Event()
    waiting = [gevent.spawn(run, held.wait) for _ in range(MOST_AT_ONCE)]
    gevent.idle()
    with pytest.raises(Unavailable):
        run(str)
    held.set()
    gevent.joinall(waiting, raise_error=True)
    assert run(str) == ""
