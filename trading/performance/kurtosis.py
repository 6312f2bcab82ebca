"""Kurtosis: how much of the deviation comes from rare, large returns."""

import statistics
from collections.abc import Sequence


def kurtosis(returns: Sequence[float]) -> float | None:
    """Return the sample excess kurtosis (no unit), corrected for their number: 0 for normal ones, above for fat tails.

    None for fewer than four returns or for returns that never change.
    """
    count = len(returns)
    if count < 4 or min(returns) == max(returns):
        return None
    mean = statistics.fmean(returns)
    second, fourth = (statistics.fmean((earned - mean) ** power for earned in returns) for power in (2, 4))
    correction = (count - 1) / ((count - 2) * (count - 3))
    return correction * ((count + 1) * fourth / second**2 - 3 * (count - 1))
