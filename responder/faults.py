"""A fault in words that can be said in another language: English text, with the sentence that it was filled from.

Owns the value, and the words for what JSON Schema finds wrong. Must not translate: a page does, whoever asks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError

MOST_CHARACTERS = 80  # of a value that is shown


class Fault(str):
    """What is wrong, as programs and models read it; `sentence` with its `%(name)s`, and `filled`, are for pages."""

    sentence: str
    filled: Mapping[str, object]

    def __new__(cls, sentence: str, **filled: object) -> Fault:
        """The sentence, filled."""
        made = super().__new__(cls, sentence % filled if filled else sentence)
        made.sentence, made.filled = sentence, filled
        return made


def of_schema(error: SchemaError) -> Fault:
    """Where a schema is none."""
    place = ".".join(str(part) for part in error.absolute_path)
    if not place:
        return Fault("is no JSON Schema: %(value)s cannot stand there", value=_shown(error.instance))
    return Fault("is no JSON Schema: %(place)s cannot be %(value)s", place=place, value=_shown(error.instance))


def of_arguments(error: ValidationError) -> Fault:
    """What an argument lacks, where it does not fit its schema."""
    place, demanded = ".".join(str(part) for part in error.absolute_path), cast(Any, error.validator_value)
    if error.validator == "required":
        lacking = next((name for name in demanded if name not in cast(Any, error.instance)), "")
        return Fault("%(name)s is missing", name=".".join(filter(None, (place, lacking))))
    if error.validator == "additionalProperties":
        return Fault(
            "it takes no other arguments than %(names)s", names=", ".join(cast(Any, error.schema).get("properties", {}))
        )
    if error.validator == "type":
        return Fault("%(name)s must be of the type %(type)s", name=place, type=_shown(demanded))
    if error.validator == "enum":
        return Fault("%(name)s must be one of %(values)s", name=place, values=_shown(demanded))
    return Fault("%(name)s does not fit its rule %(rule)s", name=place, rule=f"{error.validator} {_shown(demanded)}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
