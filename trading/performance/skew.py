"""Skew: whether the rare large returns are gains or losses."""

import math
import statistics
from collections.abc import Sequence


def skew(returns: Sequence[float]) -> float | None:
    """Return the sample skewness (no unit), corrected for their number: below 0 when large losses are more likely.

    None for fewer than three returns or for returns that never change.
    """
    count = len(returns)
    if count < 3 or min(returns) == max(returns):
        return None
    mean = statistics.fmean(returns)
    second, third = (statistics.fmean((earned - mean) ** power for earned in returns) for power in (2, 3))
    return math.sqrt(count * (count - 1)) / (count - 2) * third / second**1.5
