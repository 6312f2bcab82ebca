"""Stability: how straight the way was, whatever its slope."""

import math
import statistics
from collections.abc import Sequence
from itertools import accumulate


def stability(returns: Sequence[float]) -> float | None:
    """Return R squared (0..1) of a straight line through the cumulative log returns; 1 for steady growth or decay.

    None for fewer than two returns, after a total loss, or where nothing moved.
    """
    if len(returns) < 2 or min(returns) <= -1:
        return None
    level = list(accumulate(math.log1p(earned) for earned in returns))
    if min(level) == max(level):
        return None
    return statistics.correlation(range(len(level)), level) ** 2
