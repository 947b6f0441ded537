"""Whatever the audit log records has a sentence on its page, in every language that pages speak."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from sqlalchemy import TextClause

import inbox
import jobs
from inbox import projects, tools
from inbox.guarded import Kept
from inbox.pages.audit_words import FACTS, SENTENCES

RECORDED = re.compile(r"INSERT INTO audit_entry \([^)]*\)\s+SELECT [^']*?'([a-z_]+)'")
RECORDERS = {"record", "record_of_agent"}


def modules() -> Iterator[ModuleType]:
    for package in (inbox, jobs):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def in_statements(module: ModuleType) -> Iterator[str]:
    """Kinds in the SQL of a module, and those that an edit or a deletion of what is kept makes."""
    for value in vars(module).values():
        if isinstance(value, Kept):
            yield from (f"{value.kind}_changed", f"{value.kind}_deleted")
        elif isinstance(value, TextClause | str):
            yield from RECORDED.findall(str(value))


def in_calls(module: ModuleType) -> Iterator[str]:
    """Kinds that are named where an entry is recorded by a statement of its own."""
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RECORDERS:
            yield from (str(one.value) for one in node.args[2:3] if isinstance(one, ast.Constant))


def test_every_kind_has_a_sentence() -> None:
    recorded = {kind for module in modules() for kind in (*in_statements(module), *in_calls(module))}
    known = {"signed_in", "joined", "sign_in_failed", "role_changed", "webhook_switched_off", "canned_reply_deleted"}
    assert known <= recorded, "the search finds what is recorded"
    assert recorded - SENTENCES.keys() == set()
    assert SENTENCES.keys() - recorded == set(), "of these nothing is recorded any more"


def test_every_column_that_is_told_has_a_name() -> None:
    kept = {name for module in modules() for one in vars(module).values() if isinstance(one, Kept) and one.told
            for name in one.types}  # fmt: skip
    assert "events" in kept, "the search finds what is told"
    assert {*projects.COLUMNS, *tools.FIELDS, *kept} - FACTS.keys() == set()
