"""The period of a day: from one valuation of the book to another, both on the grid of its bars."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.timeframe import Timeframe

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """What happened after `opens` up to and including `closes`; the first period of a book includes its `start` too."""

    start: datetime
    opens: datetime
    closes: datetime
    timeframe: Timeframe

    @property
    def first(self) -> bool:
        """Whether the book begins here."""
        return self.opens == self.start

    @property
    def after(self) -> datetime:
        """The last microsecond that does not belong to the period."""
        return self.opens - timedelta(microseconds=1) if self.first else self.opens

    @property
    def whole_day(self) -> bool:
        """Whether it lasts a day or longer, from midnight to midnight."""
        return self.closes - self.opens >= _DAY

    @property
    def times(self) -> list[datetime]:
        """The closes of the bars of this period; the book's start comes before those of the first one."""
        bars = (self.closes - self.opens) // self.timeframe.delta
        return [self.opens + number * self.timeframe.delta for number in range(0 if self.first else 1, bars + 1)]


def day(first_moment: datetime, start: datetime, timeframe: Timeframe, now: datetime) -> Period | None:
    """Return the period of the UTC day that begins at `first_moment`, as far as it has come; None before the start."""
    end = first_moment + _DAY
    if now < start or end <= start:
        return None
    opens = max(timeframe.open_of(first_moment), start)
    closes = timeframe.open_of(min(end, now))
    return Period(start, opens, closes, timeframe) if closes > opens or opens == start else None


def whole(start: datetime, timeframe: Timeframe, now: datetime) -> Period | None:
    """Return the period from the start of the book to its newest closed bar; None before the start."""
    return None if now < start else Period(start, start, max(start, timeframe.open_of(now)), timeframe)
