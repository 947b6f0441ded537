"""Half a minute of `make chaos`: the product under load, its processes killed, its clients' history checked (I1–I7)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.storm import Storm

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes through /proc")
SECONDS = 25.0
SEED = int(os.environ.get("CHAOS_SEED", "20260125"))
LEAST_KILLS = 12  # a slow machine storms longer for them


@pytest.mark.timeout(600)
def test_whatever_dies_nothing_is_lost_doubled_or_reverted(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    storm = Storm(tmp_path / "data", SECONDS, SEED, least_kills=LEAST_KILLS)
    result = storm.run()
    assert not storm.wrong, f"seed {SEED}: " + "\n".join(storm.wrong[:20])
    assert sum(result["kills"].values()) >= LEAST_KILLS, result
    assert result["messages"] > 0
    assert result["turns"]["landed"] > 0, result
    record_property("processes killed under load", sum(result["kills"].values()))
    record_property("of them at named points of the protocol", sum(result["at_points"].values()))
    record_property("acts and messages during the kills", result["acts"] + result["messages"])
