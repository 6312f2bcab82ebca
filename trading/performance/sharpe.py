"""Sharpe ratio: mean return per unit of its standard deviation, a year."""

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

#: Below this many returns an annualised ratio says nothing.
LEAST_RETURNS = 30


def sharpe(returns: Sequence[Decimal], bars_per_year: float) -> float | None:
    """Return the annualised Sharpe ratio (riskless rate 0); None for too few bars or for returns that never change."""
    if len(returns) < LEAST_RETURNS:
        return None
    values = [float(value) for value in returns]
    deviation = statistics.stdev(values)
    return statistics.fmean(values) / deviation * math.sqrt(bars_per_year) if deviation > 0 else None
