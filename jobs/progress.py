"""How far the turns of this process are, told to whoever watches: the node, the tool, the words so far.

Owns the thread that tells it and the last word of each conversation in Redis. May vanish. Must not make a turn wait:
a turn only leaves its newest state here, and takes no part in whether Redis answers. Must not touch landing.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from inbox.passing import CHANNEL, Sign
from inbox.run_progress import KEPT_SECONDS, key_of
from responder.thinking import SOURCES_LINE
from responder.workflow import read_workflow, single_node

log = logging.getLogger(__name__)

SIMPLE_NODE = next(node.id for node in single_node().nodes.values() if node.type == "llm")
LONGEST_BEGUN = 34  # characters behind `Source` that may yet become the line of sources
TICK_SECONDS = 0.25  # what people read as flowing; ten turns or a thousand cost one round trip each tick


@dataclass(frozen=True)
class Progress:
    """How far one turn is."""

    turn_id: int
    conversation_id: int
    node: str
    tool: str | None
    text: str


class Teller:
    """Tells the newest progress of each turn, at most once in a tick. One thread, started with the first turn."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._newest: dict[int, tuple[int, Progress]] = {}
        self._guard = threading.Lock()
        self._something = threading.Event()
        self._thread: threading.Thread | None = None

    def tell(self, project_id: int, progress: Progress) -> None:
        """Leave this here; what was left before and not told yet is forgotten."""
        with self._guard:
            self._newest[progress.turn_id] = (project_id, progress)
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell_for_ever, name="progress teller", daemon=True)
                self._thread.start()
        self._something.set()

    def _tell_for_ever(self) -> None:
        pause = threading.Event()
        while True:
            self._something.wait()
            self._something.clear()
            try:
                self.tell_now()
            except RedisError:
                log.debug("Nobody was told how far the turns are: Redis does not answer.")
            except Exception:  # the thread must live on; what it says is only for the eye
                log.exception("The progress of turns could not be told.")
            pause.wait(TICK_SECONDS)

    def tell_now(self) -> None:
        """Tell everything that was left here, in one round trip."""
        with self._guard:
            newest, self._newest = list(self._newest.values()), {}
        pipeline = self._redis.pipeline(transaction=False)
        for project_id, progress in newest:
            data = _shown(progress)
            sign = Sign(project_id, "progress", data, progress.conversation_id)
            pipeline.set(key_of(progress.conversation_id), json.dumps(data), ex=KEPT_SECONDS)
            pipeline.publish(CHANNEL, sign.encode())
        if newest:
            pipeline.execute()


def node_names(definition: Mapping[str, Any]) -> dict[str, str]:
    """What the team calls each node of a workflow; the one node of simple mode has no name."""
    if not definition:
        return {SIMPLE_NODE: ""}
    return {node.id: node.name for node in read_workflow(definition).nodes.values()}


def _shown(progress: Progress) -> dict[str, Any]:
    """The words without the line of sources, which is for the product and not for people; nor its beginning, while the
    model still writes it."""
    words = SOURCES_LINE.sub("", progress.text)
    before, _, begun = words.rpartition("\nSource")
    return asdict(progress) | {"text": before if before and len(begun) < LONGEST_BEGUN else words}
