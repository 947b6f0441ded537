"""One table of what was measured: work, baseline, ours, ratio, goal, met or not.

Owns the lines and how they are printed. A ratio is of two things measured in the same run, in turns.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

MOST = "at most"
LEAST = "at least"


@dataclass(frozen=True)
class Line:
    """`ours` against `baseline` in the same unit. Without a goal it is shown for comparison only."""

    work: str
    baseline: float
    ours: float
    unit: str
    goal: float | None = None
    sense: str = MOST
    against: str = ""

    @property
    def ratio(self) -> float:
        """Ours over the baseline."""
        return self.ours / self.baseline if self.baseline else float("inf")

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.sense == MOST else self.ratio >= self.goal


@dataclass
class Table:
    """The lines, in the order of measuring."""

    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        """Add and show a line at once: measuring takes long."""
        if not self.lines:
            print(_row("work", "baseline", "ours", "", "ratio", "goal", "met"), file=sys.stderr)
        self.lines.append(line)
        print(_shown(line), file=sys.stderr, flush=True)

    def print(self) -> None:
        """The whole table on stdout."""
        print(_row("work", "baseline", "ours", "", "ratio", "goal", "met"))
        for line in self.lines:
            print(_shown(line))

    def write(self, path: Path) -> None:
        """As JSON."""
        rows = [asdict(line) | {"ratio": line.ratio, "met": line.met} for line in self.lines]
        path.write_text(json.dumps(rows, indent=1) + "\n")


def _shown(line: Line) -> str:
    goal = "" if line.goal is None else f"{'≤' if line.sense == MOST else '≥'} {line.goal:g}"
    met = {None: "", True: "yes", False: "NO"}[line.met]
    named = f"{line.work} / {line.against}" if line.against else line.work
    return _row(named, _figure(line.baseline), _figure(line.ours), line.unit, f"{line.ratio:.2f}", goal, met)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _row(work: str, baseline: str, ours: str, unit: str, ratio: str, goal: str, met: str) -> str:
    return f"{work[:86]:<86} {baseline:>9} {ours:>9} {unit:<6} {ratio:>7} {goal:>7} {met:<3}"
