"""Calendar returns: what each month and each year earned, in UTC."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from trading.money import ONE, divide
from trading.performance.equity import Valuation
from trading.performance.returns import growth

Month = tuple[int, int]


def by_month(curve: Sequence[Valuation]) -> dict[Month, Decimal]:
    """Return the return (0.01 = 1 %) of each (year, month) that `curve` touches, compounding to that of all of it."""
    return {month: divide(end, start) - ONE if start else Decimal(0) for month, (start, end) in _ends(curve).items()}


def by_year(months: dict[Month, Decimal]) -> dict[int, Decimal]:
    """Return the return of each year: that of its `months`, compounded."""
    found: dict[int, Decimal] = {}
    for (year, _), earned in months.items():
        found[year] = (ONE + found.get(year, Decimal(0))) * (ONE + earned) - ONE
    return found


def _ends(curve: Sequence[Valuation]) -> dict[Month, tuple[Decimal, Decimal]]:
    """Return what the growth was before the first and at the last valuation of each month."""
    index = growth(curve)
    found: dict[Month, tuple[Decimal, Decimal]] = {}
    for before, level, point in zip(index, index[1:], curve[1:], strict=False):
        month = _month(point.ts)
        found[month] = (found.get(month, (before, level))[0], level)
    return found


def _month(ts: datetime) -> Month:
    """Return the month to which a valuation at `ts` belongs: midnight is the end of the day before."""
    last_moment = ts - timedelta(microseconds=1)
    return last_moment.year, last_moment.month
