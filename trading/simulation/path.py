"""The deterministic path of the price inside a bar: open, nearer extreme, other extreme, close."""

from dataclasses import dataclass

#: How many corners a path has.
CORNERS = 4


@dataclass(frozen=True, slots=True)
class TickBar:
    """A bar on the venue's grid: open time in ms since the epoch, prices in ticks, volume in lots."""

    opened: int
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class Point:
    """A corner of the path: the time in ms since the epoch at which the price arrives, and the price in ticks."""

    at: int
    price: int


def path(bar: TickBar, length: int) -> tuple[Point, Point, Point, Point]:
    """Return the four corners of `bar`, which lasts `length` ms; on equal distance from the open the low comes first.

    The open is at the bar's open time, the extremes at one and two thirds, the close in the last millisecond.
    """
    high_is_nearer = bar.high - bar.open < bar.open - bar.low
    first, second = (bar.high, bar.low) if high_is_nearer else (bar.low, bar.high)
    return (
        Point(bar.opened, bar.open),
        Point(bar.opened + length // 3, first),
        Point(bar.opened + 2 * length // 3, second),
        Point(bar.opened + length - 1, bar.close),
    )
