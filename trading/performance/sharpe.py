"""Sharpe ratio: mean return per unit of its standard deviation, a year."""

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

#: The least number of returns, and the least share of a year that they must span: below, chance alone makes ratios of
#: any size, for the standard error of an annualised ratio is about one over the root of the years.
_LEAST_RETURNS, _LEAST_YEARS = 30, 1 / 12


def least_returns(bars_per_year: float) -> int:
    """Return how many returns an annualised ratio needs before it is told: a month of them, and never fewer than 30."""
    return max(_LEAST_RETURNS, math.ceil(bars_per_year * _LEAST_YEARS))


def sharpe(returns: Sequence[Decimal | float], bars_per_year: float) -> float | None:
    """Return the annualised Sharpe ratio (riskless rate 0); None for too few bars or for returns that never change."""
    if len(returns) < least_returns(bars_per_year):
        return None
    values = [float(value) for value in returns]
    deviation = statistics.stdev(values)
    return statistics.fmean(values) / deviation * math.sqrt(bars_per_year) if deviation > 0 else None
