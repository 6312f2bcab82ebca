"""Beta: how far the book moves when its benchmark moves by one."""

import statistics
from collections.abc import Sequence


def beta(returns: Sequence[float], benchmark: Sequence[float]) -> float | None:
    """Return the slope of `returns` on the `benchmark` of the same bars (no unit); None when that never moves."""
    if len(returns) < 2 or min(benchmark) == max(benchmark):
        return None
    return statistics.linear_regression(benchmark, returns).slope
