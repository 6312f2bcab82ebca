"""Volatility of a day: how widely what the positions would have earned lies about its mean."""

import statistics
from collections.abc import Sequence

from trading.risk.measures.historical_simulation import LEAST


def daily_volatility(earned: Sequence[float], equity: float) -> float | None:
    """Return the standard deviation of daily profits (quote) as a fraction of `equity`; None for fewer than 30 days."""
    return statistics.stdev(earned) / equity if len(earned) >= LEAST and equity > 0 else None
