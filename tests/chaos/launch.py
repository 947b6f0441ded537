"""`make run` itself, whose web and worker processes have the named points put in."""

from __future__ import annotations

from unittest.mock import patch

from commands import run


class ArmedLauncher(run.Launcher):
    """Starts tests.chaos.web and tests.chaos.worker; supervises them like any other."""

    def _add(self, name: str, module: str) -> None:
        super()._add(name, f"tests.chaos.{name}")


if __name__ == "__main__":
    with patch.object(run, "Launcher", ArmedLauncher):
        run.main()
