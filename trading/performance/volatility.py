"""Volatility: how widely the returns lie about their mean, a year."""

import math
import statistics
from collections.abc import Sequence

from trading.performance.sharpe import least_returns


def volatility(returns: Sequence[float], bars_per_year: float) -> float | None:
    """Return the sample standard deviation of a year's return (0.6 = 60 %); None for too few bars."""
    if len(returns) < least_returns(bars_per_year):
        return None
    return statistics.stdev(returns) * math.sqrt(bars_per_year)
