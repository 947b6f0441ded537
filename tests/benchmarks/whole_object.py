"""The way that most systems save an answer: load the conversation as an object, change it, flush everything.

Owns that baseline, for its time only: what it loses is counted by the race lab.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, MetaData, Table, func
from sqlalchemy.orm import Session, registry
from sqlalchemy.orm.attributes import flag_modified

from jobs.values import Claimed

TABLES = ["conversation", "message", "turn", "timeline_event", "change"]


def _mapped(table: Table) -> Any:
    made = type(table.name, (), {})
    columns = {f"{column.name}_" if column.name == "metadata" else column.name: column for column in table.columns}
    registry().map_imperatively(made, table, properties=columns)
    return made


def saver(engine: Engine) -> Callable[[Claimed, str], None]:
    """A function that lands a reply through the unit of work, whole object and all."""
    schema = MetaData()
    schema.reflect(engine, only=TABLES)
    conversation_class, message_class, turn_class, entry_class, change_class = (
        _mapped(schema.tables[name]) for name in TABLES
    )

    def save(claimed: Claimed, content: str) -> None:
        with Session(engine) as session, session.begin():
            conversation: Any = session.get(conversation_class, claimed.conversation_id)
            turn: Any = session.get(turn_class, claimed.turn_id)
            message = _made(
                message_class,
                project_id=claimed.project_id,
                conversation_id=claimed.conversation_id,
                author="responder",
                author_name="AI",
                content=content,
                turn_id=claimed.turn_id,
                private=False,
                step=0,
            )
            session.add(message)
            session.flush()
            conversation.metadata_ = {**conversation.metadata_, "workflowState": {"currentNodeId": "after"}}
            conversation.last_message_id = message.id
            conversation.last_message_snippet = content[:140]
            conversation.last_message_timestamp = func.clock_timestamp()
            conversation.version += 1
            for column in schema.tables["conversation"].columns:
                if column.name not in {"id", "metadata"} and column.computed is None:
                    flag_modified(conversation, column.name)
            turn.status, turn.message_id = "landed", message.id
            session.add(
                _made(
                    entry_class,
                    project_id=claimed.project_id,
                    conversation_id=claimed.conversation_id,
                    version=conversation.version,
                    kind="turn_landed",
                    actor_type="responder",
                    actor_name="AI",
                    turn_id=claimed.turn_id,
                    data={},
                )
            )
            for kind in ("message", "conversation", "turn", "entry"):
                session.add(
                    _made(
                        change_class,
                        project_id=claimed.project_id,
                        conversation_id=claimed.conversation_id,
                        version=conversation.version,
                        body={"kind": kind},
                    )
                )

    return save


def _made(mapped: Any, **values: Any) -> Any:
    row = mapped()
    for name, value in values.items():
        setattr(row, name, value)
    return row
