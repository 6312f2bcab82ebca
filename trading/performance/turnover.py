"""Turnover: how often the book was traded over."""

from collections.abc import Sequence
from decimal import Decimal

from trading.money import ZERO, divide
from trading.performance.equity import Valuation


def turnover(traded: Decimal, curve: Sequence[Valuation]) -> Decimal | None:
    """Return the value `traded` (both ways, in quote) in units of the mean equity; None for an empty book."""
    if not curve:
        return None
    mean = divide(sum((point.equity for point in curve), ZERO), Decimal(len(curve)))
    return divide(traded, mean) if mean > ZERO else None
