"""Drawdown periods: when the book stood below its peak, how deep it fell and how long it took to come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from trading.money import ZERO
from trading.performance.drawdown import drawdowns
from trading.performance.equity import Valuation


@dataclass(frozen=True)
class DrawdownPeriod:
    """One way down and back: from the last moment at the `peak` over the `trough` to `ends`, back at the peak.

    `depth` is that of the trough (-0.1 = 10 % below the peak). Not `recovered`: `ends` is the end of the curve.
    """

    depth: Decimal
    peak: datetime
    trough: datetime
    ends: datetime
    recovered: bool

    @property
    def duration(self) -> timedelta:
        """How long the book stood below its peak."""
        return self.ends - self.peak


def drawdown_periods(curve: Sequence[Valuation]) -> list[DrawdownPeriod]:
    """Return every drawdown of `curve`, oldest first."""
    below, found = drawdowns(curve), list[DrawdownPeriod]()
    for under, group in groupby(range(len(curve)), key=lambda place: below[place] < ZERO):
        if under:
            places = list(group)
            trough, after = min(places, key=below.__getitem__), places[-1] + 1
            recovered = after < len(curve)
            ends = curve[after if recovered else places[-1]].ts
            peak = curve[places[0] - 1].ts
            found.append(DrawdownPeriod(below[trough], peak, curve[trough].ts, ends, recovered))
    return found
