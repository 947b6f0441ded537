"""The installation's key is made once, whoever asks for it first."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from inbox.secret_key import secret_key
from inbox.settings import Settings


def test_the_key_is_made_once_and_for_its_user_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    made = secret_key(settings)
    assert len(made) == 64
    assert secret_key(settings) == made
    assert (settings.data / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_that_start_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second asks while the first one's file has its name, and nothing in it yet."""
    settings, found = Settings(data=tmp_path), list[str]()
    second = threading.Thread(target=lambda: found.append(secret_key(settings)))

    def make(_length: int) -> str:
        second.start()
        second.join(0.2)  # it has its answer now, or waits
        return "the first one's"

    monkeypatch.setattr("inbox.secret_key.secrets.token_urlsafe", make)
    found.append(secret_key(settings))
    second.join()
    assert found == ["the first one's"] * 2


def test_what_a_crash_left_empty_is_written(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    assert len(secret_key(Settings(data=tmp_path))) == 64
