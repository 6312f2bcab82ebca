"""Value at risk: the return of one bar that only a small share of the bars falls below.

Both are returns of one bar and below 0 for a loss: -0.05 is a loss of 5 %.
"""

import statistics
from collections.abc import Sequence

from trading.performance.quantile import quantile


def historical_value_at_risk(returns: Sequence[float], level: float = 0.05) -> float | None:
    """Return the quantile of the returns themselves at `level`, as empyrical has it; None for no returns."""
    return quantile(returns, level) if returns else None


def normal_value_at_risk(returns: Sequence[float], level: float = 0.05) -> float | None:
    """Return the quantile of a normal distribution with their mean and deviation, as quantstats has it.

    It underrates fat tails. None for fewer than two returns.
    """
    if len(returns) < 2:
        return None
    return statistics.fmean(returns) + statistics.NormalDist().inv_cdf(level) * statistics.stdev(returns)
