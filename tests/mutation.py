"""`make mutate`: whether the tests of the pure landing rules notice when a rule is broken.

Owns running mutmut on jobs/decide.py and jobs/merge.py in a scratch folder and counting what survived. It changes
small things in those modules, one at a time, and runs their unit tests against each: a mutant that lives is a rule
that no test holds. Exit 1 below LEAST_PERCENT. mutmut itself is installed by `make mutate` beside the environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("jobs/decide.py", "jobs/merge.py")
TESTS = tuple(f"tests/unit/jobs/{name}.py" for name in ("landing", "test_decide", "test_wishes", "test_merge"))
LEAST_PERCENT = 95.0
SETTINGS = f"""
[tool.mutmut]
source_paths = ["jobs"]
only_mutate = {json.dumps(MODULES)}
also_copy = ["responder", "inbox"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
"""
DEAD = {"killed", "timeout", "caught by type check"}


def main() -> int:
    """Print the survivors, then one line of JSON: {mutants, killed, survived, percent}."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(folder)
        mutmut(folder, "run", "--max-children", str(os.cpu_count() or 1))
        fates = results(folder)
        survivors = sorted(mutant for mutant, fate in fates.items() if fate not in DEAD)
        for mutant in survivors:
            print(mutmut(folder, "show", mutant), file=sys.stderr)
    killed = len(fates) - len(survivors)
    percent = round(100 * killed / max(1, len(fates)), 1)
    print(json.dumps({"mutants": len(fates), "killed": killed, "survived": survivors, "percent": percent}))
    return 0 if fates and percent >= LEAST_PERCENT else 1


def lay_out(folder: Path) -> None:
    """Copies of what the two modules and their tests need, and nothing else: the working tree is never mutated."""
    for package in ("jobs", "responder", "inbox"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in TESTS:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    for package in ("tests", "tests/unit", "tests/unit/jobs"):
        (folder / package / "__init__.py").touch()
    (folder / "pyproject.toml").write_text(SETTINGS)


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut there; returns what it printed. Raises SystemExit with its words where it failed."""
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def results(folder: Path) -> dict[str, str]:
    """What became of each mutant, by its name."""
    lines = mutmut(folder, "results", "--all", "true").splitlines()
    named = (line.strip().rpartition(": ") for line in lines if ": " in line)
    return {name: fate for name, _, fate in named}


if __name__ == "__main__":
    sys.exit(main())
