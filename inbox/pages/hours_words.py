"""A team's week in a few lines, for visitors: days with the same hours stand together.

Owns those lines, in the reader's language. The hours themselves are inbox/working_hours.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from flask_babel import gettext

from inbox.hours import DAYS
from inbox.pages.working_hours import DAY_NAMES
from inbox.working_hours import Setting


def lines(setting: Setting) -> list[str]:
    """Such as `Monday–Friday 09:00-17:30`, and the zone; none for a week that never opens."""
    found = of_week(setting.hours.week)
    zone = setting.hours.zone.rpartition("/")[2].replace("_", " ")
    return [*found, gettext("(time of %(place)s)", place=zone)] if found else []


def of_week(week: Mapping[str, Sequence[str]]) -> list[str]:
    """The week's lines alone."""
    found = []
    for spans, days in groupby(DAYS, key=lambda day: tuple(week.get(day, ()))):
        names = [str(DAY_NAMES[day]) for day in days]
        if spans:
            found.append(f"{'–'.join(dict.fromkeys((names[0], names[-1])))} {', '.join(spans)}")
    return found
