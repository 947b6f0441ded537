"""The house's arrows: what may import what, as the README says."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("inbox", "responder", "jobs", "commands", "app")
MAY_IMPORT = {"inbox": {"inbox"}, "responder": {"responder"}, "jobs": {"jobs", "inbox", "responder"}}
RESPONDER_NEVER = {
    "sqlalchemy",
    "psycopg",
    "psycopg_pool",
    "redis",
    "rq",
    "flask",
    "flask_babel",
    "werkzeug",
    "alembic",
}
INBOX_NEVER = {"rq", "openai"}
PLAIN = ("utils", "helpers", "manager", "common", "misc", "base")


def modules(package: str) -> list[Path]:
    found = [path for path in (ROOT / package).rglob("*.py") if "versions" not in path.parts]
    assert found, f"nothing is held to the arrows in {package}"
    return found


def imported(path: Path) -> Iterator[str]:
    """The packages."""
    return (name.partition(".")[0] for name in imported_modules(path))


def imported_modules(path: Path) -> Iterator[str]:
    return (name for name, _ in imports(path))


def imports(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(module, names taken from it), wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, [alias.name for alias in node.names]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_along_the_arrows(package: str) -> None:
    for path in modules(package):
        wrong = set(imported(path)) & set(PACKAGES) - MAY_IMPORT[package]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_modules_need_one_another(package: str) -> None:
    """Not even for their types: one of two that do can be neither read nor moved without the other."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules(package)}
    needs = {
        name: {one for module, taken in imports(path) for one in (module, *(f"{module}.{part}" for part in taken))}
        for name, path in paths.items()
    }
    TopologicalSorter({name: needed & set(paths) for name, needed in needs.items()}).prepare()


def test_the_responder_knows_no_database_and_no_web() -> None:
    for path in modules("responder"):
        assert not set(imported(path)) & RESPONDER_NEVER, path.relative_to(ROOT)


@pytest.mark.parametrize("name", ["decide", "merge"])
def test_what_becomes_of_an_outcome_is_decided_from_values_alone(name: str) -> None:
    """Values in, one value out: nothing is read, and no database is needed to test it."""
    path = ROOT / "jobs" / f"{name}.py"
    ours = {module for module in imported_modules(path) if module.partition(".")[0] not in sys.stdlib_module_names}
    assert ours <= {"jobs.merge", "jobs.values", "responder.outcome"}


def test_no_page_is_asked_by_what_knows_no_web() -> None:
    """The API and the pages call the inbox; what they call knows neither."""
    for path in modules("inbox"):
        if path.parent.name not in {"api", "pages"}:
            asked = {".".join(module.split(".")[:2]) for module in imported_modules(path)}
            assert not asked & {"inbox.api", "inbox.pages"}, path.relative_to(ROOT)


def test_the_inbox_knows_no_jobs_and_no_models() -> None:
    for path in modules("inbox"):
        assert not set(imported(path)) & INBOX_NEVER, path.relative_to(ROOT)


def test_every_module_says_what_it_is() -> None:
    for package in (*MAY_IMPORT, "commands"):
        for path in modules(package):
            assert ast.get_docstring(ast.parse(path.read_text())), f"{path.relative_to(ROOT)} has no docstring"


def test_no_module_is_named_after_nothing() -> None:
    for package in (*MAY_IMPORT, "commands"):
        for path in modules(package):
            assert path.stem not in PLAIN


def test_no_code_saves_a_whole_conversation() -> None:
    """Statements name their columns; there is no ORM whose unit of work could save what it read."""
    for package in (*MAY_IMPORT, "commands"):
        for path in modules(package):
            assert "sqlalchemy.orm" not in path.read_text(), path.relative_to(ROOT)
