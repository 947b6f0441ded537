"""Variables in prompts: `{{visitor.name}}`, `{{visitor.custom_attributes.plan}}`, `{{visitor.name|there}}`.

Owns which names exist and how they are filled. Values are data: what a value contains is never expanded again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from responder.snapshot import Snapshot

VARIABLE = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}")
NAMES = frozenset(
    {
        "visitor.name", "visitor.email", "conversation.id", "conversation.status", "conversation.priority",
        "project.name", "project.language",
    }
)  # fmt: skip
OPEN_ENDED = ("visitor.custom_attributes.", "conversation.custom_attributes.")


def unknown_names(prompt: str, own: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The variables of a prompt that nobody will ever fill. `own` are the workflow's own variables."""
    for match in VARIABLE.finditer(prompt):
        name = match.group(1)
        if name not in NAMES and not _open_ended(name) and name not in (own or {}):
            yield name


def fill(
    prompt: str,
    snapshot: Snapshot,
    own: Mapping[str, Any] | None = None,
    *,
    clean: Callable[[str], str] = str,
) -> str:
    """The prompt with each variable's value, its default where there is none, and nothing where both are missing.

    `clean` is applied to the values only, never to the team's own words.
    """

    def value(match: re.Match[str]) -> str:
        found = _lookup(match.group(1), snapshot, own or {})
        return clean(found) if found else (match.group(2) or "").strip()

    return VARIABLE.sub(value, prompt)


def _open_ended(name: str) -> bool:
    return any(name.startswith(prefix) and len(name) > len(prefix) for prefix in OPEN_ENDED)


def _lookup(name: str, snapshot: Snapshot, own: Mapping[str, Any]) -> str:
    visitor, conversation, project = snapshot.visitor, snapshot.conversation, snapshot.project
    known: dict[str, Any] = {
        "visitor.name": visitor.name,
        "visitor.email": visitor.email,
        "conversation.id": conversation.id,
        "conversation.status": conversation.status,
        "conversation.priority": conversation.priority,
        "project.name": project.name,
        "project.language": project.language,
    }
    if name in known:
        return _text(known[name])
    for prefix, attributes in zip(OPEN_ENDED, (visitor.custom_attributes, conversation.custom_attributes), strict=True):
        if name.startswith(prefix):
            return _text(attributes.get(name[len(prefix) :]))
    return _text(own.get(name))


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, Mapping | list) else str(value)
