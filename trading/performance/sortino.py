"""Sortino ratio: mean return per unit of its downside deviation, a year."""

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

from trading.performance.downside_risk import downside_deviation
from trading.performance.sharpe import least_returns


def sortino(returns: Sequence[Decimal | float], bars_per_year: float) -> float | None:
    """Return the annualised Sortino ratio (target 0); None for too few bars or without any loss."""
    if len(returns) < least_returns(bars_per_year):
        return None
    values = [float(value) for value in returns]
    downside = downside_deviation(values)
    return statistics.fmean(values) / downside * math.sqrt(bars_per_year) if downside > 0 else None
