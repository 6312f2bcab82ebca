"""A closure: hours or a maintenance window in which a book takes no new risk, as a person writes it; UTC.

`sat-sun`, `daily 23:55-00:05` and `fri 21:00-24:00` come back each week; `2026-12-01T10:00/2026-12-01T12:00` comes
once.
A window begins at its first minute and is over at its last; one that ends before it begins goes on into the next day.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from trading.moment import moment

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(r"(?:(daily)|([a-z]{3})(?:-([a-z]{3}))?)(?: (\d\d):(\d\d)-(\d\d):(\d\d))?")
_HOW = "write it as sat-sun, daily 23:55-00:05 or 2026-12-01T10:00/2026-12-01T12:00 (UTC)"
_WHOLE_DAY = (0, 24 * 60)


@dataclass(frozen=True)
class Weekly:
    """Days of the week (0 is Monday) from a minute of the day to another, which may lie in the next day."""

    days: frozenset[int]
    begin: int
    end: int

    def holds(self, now: datetime) -> bool:
        """Whether `now` (UTC) lies within."""
        day, minute = now.weekday(), now.hour * 60 + now.minute
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@dataclass(frozen=True)
class Once:
    """From one moment to another, UTC."""

    begin: datetime
    end: datetime

    def holds(self, now: datetime) -> bool:
        """Whether `now` (UTC) lies within."""
        return self.begin <= now < self.end


@cache
def closure(text: str) -> Weekly | Once:
    """Return the closure that `text` says; ValueError says how one is written."""
    return _once(text) if "/" in text else _weekly(text)


def _weekly(text: str) -> Weekly:
    found = _WEEKLY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no closure: {_HOW}")
    daily, first, last, *times = found.groups()
    try:
        since = 0 if daily else _DAYS.index(first)
        until = 6 if daily else _DAYS.index(last or first)
    except ValueError:
        raise ValueError(f"{text!r}: the days are {', '.join(_DAYS)} and daily") from None
    days = frozenset((since + each) % 7 for each in range((until - since) % 7 + 1))
    begin, end = _WHOLE_DAY if times[0] is None else (_minute(*times[:2]), _minute(*times[2:]))
    if max(begin, end) > _WHOLE_DAY[1] or begin in (end, _WHOLE_DAY[1]):
        raise ValueError(f"{text!r} has no such time of the day: {_HOW}")
    return Weekly(days, begin, end)


def _minute(hours: str, minutes: str) -> int:
    if int(minutes) >= 60:
        raise ValueError(f"{hours}:{minutes} is no time of the day: {_HOW}")
    return int(hours) * 60 + int(minutes)


def _once(text: str) -> Once:
    try:
        begin, end = (moment(each) for each in text.split("/"))
    except ValueError:
        raise ValueError(f"{text!r} is no closure: {_HOW}") from None
    if begin >= end:
        raise ValueError(f"{text!r} ends before it begins")
    return Once(begin, end)
