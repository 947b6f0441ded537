"""How much a page moves by itself under a reader's eyes: cumulative layout shift, every entry of it.

Owns watching and summing. The sum of all is at least the worst session window that web-vitals reports, which calls 0.1
good; moves within half a second of a click, a tap or a key are the reader's own and do not count.
"""

from __future__ import annotations

from playwright.sync_api import Page

MOST_SHIFT = 0.02
WATCH = """
window.shifted = [];
window.shiftWatch = new PerformanceObserver((list) => list.getEntries().forEach(window.noteShift));
window.noteShift = ({ value, hadRecentInput, sources }) => {
  if (hadRecentInput) return;
  const place = (box) => `${box.x} ${box.y} ${box.width} ${box.height}`;
  const moved = ({ node, previousRect: was, currentRect: now }) =>
    `${node?.id || node?.className || node?.nodeName}: ${place(was)} to ${place(now)}`;
  shifted.push([value, ...sources.map(moved)]);
};
shiftWatch.observe({ type: "layout-shift", buffered: true });
"""
SEEN = "shiftWatch.takeRecords().forEach(noteShift), shifted"


def shifts(page: Page) -> list[str]:
    """What has moved by itself since the page came, if it is too much in all."""
    seen = page.evaluate(SEEN)
    return [f"shifts: {one}" for one in seen] if sum(one[0] for one in seen) > MOST_SHIFT else []
