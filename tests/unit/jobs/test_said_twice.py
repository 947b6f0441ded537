"""What the inbox takes and what a model may say is the same, though neither package may import the other."""

from __future__ import annotations

from inbox import conversation
from inbox.api import fields
from responder import thinking, tools


def test_a_model_may_set_what_a_person_may() -> None:
    assert tuple(tools.STATUSES) == conversation.STATUSES
    assert tuple(tools.PRIORITIES) == conversation.PRIORITIES


def test_a_model_may_write_what_can_be_stored() -> None:
    longest = {name: tool.schema["properties"] for name, tool in tools.TOOLS.items()}
    assert longest["add_note"]["content"]["maxLength"] == thinking.MOST_CHARACTERS == conversation.MOST_CHARACTERS
    assert longest["add_label"]["label"]["maxLength"] == conversation.MOST_LABEL_CHARACTERS
    assert (tools.LARGEST_NUMBER, tools.DEEPEST_ARGUMENTS) == (fields.LARGEST_NUMBER, fields.DEEPEST)
    assert tools.UNSTORABLE == conversation.UNSTORABLE
