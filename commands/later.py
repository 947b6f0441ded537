"""Packages that others import and this process may never use: their code runs when something is first asked of them.

Owns when. Must not change what they hold: whoever asks has the package itself, only later. importlib.util.LazyLoader
would run a package as soon as a module inside it is imported, for that asks for the package's path.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


class _Opening:
    """A package's `__getattr__`, which is called for what is not there: it runs the package's code.

    Modules in the package are found by its path and need none of that.
    """

    def __init__(self, package: ModuleType, loader: Loader) -> None:
        self._package = package
        self._loader = loader
        self._begun = False
        self._guard = threading.RLock()  # other threads wait; the package's code may ask for what it has not got yet

    def __call__(self, name: str) -> Any:
        with self._guard:
            if not self._begun:
                self._run()
        names = vars(self._package)
        if name in names or names["__getattr__"] is not self:  # it may have brought its own
            return getattr(self._package, name)
        raise AttributeError(f"module {self._package.__name__!r} has no attribute {name!r}")

    def _run(self) -> None:
        self._begun = True
        try:
            self._loader.exec_module(self._package)
        except BaseException:
            self._begun = False
            raise


class _Postponing(MetaPathFinder, Loader):
    """Finds these packages where they are, and does not run them."""

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = packages
        self._loaders: dict[str, Loader] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path) if name in self._packages else None
        if found is not None and found.loader is not None:
            self._loaders[name], found.loader = found.loader, self
        return found

    def create_module(self, spec: ModuleSpec) -> None:
        """As usual."""

    def exec_module(self, module: ModuleType) -> None:
        """Not yet."""
        vars(module)["__getattr__"] = _Opening(module, self._loaders[module.__name__])


@contextmanager
def later(*packages: str) -> Iterator[None]:
    """What is imported inside its block imports these packages without running them."""
    postponing = _Postponing(packages)
    sys.meta_path.insert(0, postponing)
    try:
        yield
    finally:
        sys.meta_path.remove(postponing)
