"""Packages that are loaded when something of them is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commands.later import later

CODE = """
import time
import slow_word_log
slow_word_log.ran.append(__name__)
from .inner import WORD
import slow_word
EARLY = getattr(slow_word, 'OWN', 'not there yet')
time.sleep(0.05)
OWN = WORD + '!'
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where packages are found that nobody else has, and forgotten afterwards."""
    known = set(sys.modules)
    (tmp_path / "slow_word").mkdir()
    (tmp_path / "slow_word" / "__init__.py").write_text(CODE)
    (tmp_path / "slow_word" / "inner.py").write_text("WORD = 'late'\n")
    (tmp_path / "slow_word_log.py").write_text("ran = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def test_its_code_runs_once_and_when_something_is_asked_of_it(folder: Path) -> None:
    with later("slow_word"):
        package = importlib.import_module("slow_word")
    ran = importlib.import_module("slow_word_log").ran
    assert importlib.import_module("slow_word.inner").WORD == "late", "what is in it is found without it"
    assert not ran
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: package.OWN, range(4))) == ["late!"] * 4
    assert ran == ["slow_word"]
    assert package.EARLY == "not there yet", "its own code may ask as well"
    with pytest.raises(AttributeError, match="'slow_word' has no attribute 'other'"):
        _ = package.other
    assert ran == ["slow_word"]


def test_a_package_that_finds_names_itself_does_so_from_the_first_one_on(folder: Path) -> None:
    (folder / "slow_word" / "__init__.py").write_text("def __getattr__(name):\n    return name.upper()\n")
    with later("slow_word"):
        package = importlib.import_module("slow_word")
    assert (package.first, package.second) == ("FIRST", "SECOND")


def test_code_that_fails_fails_for_each_who_asks(folder: Path) -> None:
    (folder / "slow_word" / "inner.py").write_text("raise ImportError('not today')")
    with later("slow_word"):
        package = importlib.import_module("slow_word")
    for _ in range(2):
        with pytest.raises(ImportError, match="not today"):
            _ = package.OWN


def test_outside_the_block_a_package_is_loaded_as_usual(folder: Path) -> None:
    with later("slow_word"):
        pass
    importlib.import_module("slow_word")
    assert importlib.import_module("slow_word_log").ran == ["slow_word"]
