"""Which of several test processes runs what: all walks in a browser on one, of everything else a module at a time.

So one product and one browser serve all walks, which meet each other in the order of their names only, and what a
module shares is made once. Owns no test.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

WALKS = "tests/acceptance/"


class ByModule(LoadScopeScheduling):  # type: ignore[misc]  # xdist says no types
    """The walks are dealt out first, for they take longest; small modules come last, so that all end together."""

    def _split_scope(self, nodeid: str) -> str:
        return WALKS if nodeid.startswith(WALKS) else nodeid.partition("::")[0]
