"""Drawdown: how far below its highest point the book stands."""

from collections.abc import Sequence
from decimal import Decimal

from trading.money import ONE, ZERO, divide
from trading.performance.equity import Valuation
from trading.performance.returns import growth


def drawdowns(curve: Sequence[Valuation]) -> list[Decimal]:
    """Return for each valuation its distance from the peak so far: 0 at a peak, -0.1 ten per cent below it."""
    peak, found = ZERO, list[Decimal]()
    for level in growth(curve):
        peak = max(peak, level)
        found.append(divide(level, peak) - ONE if peak > ZERO else ZERO)
    return found


def deepest(curve: Sequence[Valuation]) -> Decimal:
    """Return the deepest drawdown, 0 or below."""
    return min(drawdowns(curve), default=ZERO)
