"""Downside risk: how large the losses are, gains counted as nothing."""

import math
import statistics
from collections.abc import Sequence

from trading.performance.sharpe import least_returns


def downside_deviation(returns: Sequence[float]) -> float:
    """Return the root mean square of the losses among all `returns`, which are not empty, of one bar (0.01 = 1 %)."""
    return math.sqrt(statistics.fmean(min(earned, 0.0) ** 2 for earned in returns))


def downside_risk(returns: Sequence[float], bars_per_year: float) -> float | None:
    """Return the downside deviation a year (0.4 = 40 %, target 0); None for too few bars."""
    if len(returns) < least_returns(bars_per_year):
        return None
    return downside_deviation(returns) * math.sqrt(bars_per_year)
