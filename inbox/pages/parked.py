"""What sending a parked reply would do to the workflow: said before it is sent, as inbox/drafts.py decides it.

Owns the words. Must not decide: the statement that sends compares once more, on the locked row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

Row = Mapping[Any, Any]


def carries(draft: Row, row: Row) -> str | None:
    """A sentence for the reply that carries a position; None for one that has nothing to do with a workflow."""
    if draft["position"] is None:
        return None
    metadata = row["metadata"] if isinstance(row["metadata"], Mapping) else {}
    if metadata.get("workflowState") == draft["position_from"]:
        return str(gettext("Posting it moves the workflow on, as the AI meant to."))
    return str(gettext("The workflow has moved since; posting it leaves the workflow where it is."))
