"""Alpha: what the book earned beyond what its beta explains, a year."""

import statistics
from collections.abc import Sequence

from trading.performance.beta import beta
from trading.performance.sharpe import least_returns


def alpha(returns: Sequence[float], benchmark: Sequence[float], bars_per_year: float) -> float | None:
    """Return the mean return beyond beta times the benchmark's, compounded over a year (0.1 = 10 %, riskless rate 0).

    None for too few bars or for a benchmark that never moves.
    """
    slope = beta(returns, benchmark)
    if slope is None or len(returns) < least_returns(bars_per_year):
        return None
    beyond = statistics.fmean(own - slope * market for own, market in zip(returns, benchmark, strict=True))
    return (1 + beyond) ** bars_per_year - 1
