"""Correlation: how closely the book follows its benchmark."""

import statistics
from collections.abc import Sequence


def correlation(returns: Sequence[float], benchmark: Sequence[float]) -> float | None:
    """Return Pearson's correlation (-1..1) with the `benchmark` of the same bars; None when either never moves."""
    if len(returns) < 2 or min(returns) == max(returns) or min(benchmark) == max(benchmark):
        return None
    return statistics.correlation(returns, benchmark)
