"""Exposure: how much of the book was invested, and for how much of the time."""

from collections.abc import Sequence
from decimal import Decimal

from trading.money import ZERO, divide
from trading.performance.equity import Valuation

#: A holding worth less of the equity than this is what steps of the venue leave over, not a position.
REMAINDER = Decimal("0.0001")


def mean_exposure(curve: Sequence[Valuation]) -> Decimal | None:
    """Return the mean share of the equity in positions at the closes of the bars, 0..1; None without a bar."""
    shares = [divide(point.positions, point.equity) for point in curve[1:] if point.equity > ZERO]
    return divide(sum(shares, ZERO), Decimal(len(shares))) if shares else None


def time_in_market(curve: Sequence[Valuation]) -> Decimal | None:
    """Return the share of the bars at whose close a position was held, 0..1; None without a bar."""
    held = sum(point.positions > REMAINDER * point.equity for point in curve[1:])
    return divide(Decimal(held), Decimal(len(curve) - 1)) if len(curve) > 1 else None
