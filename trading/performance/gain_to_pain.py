"""Gain to pain: what was left for each unit lost on the way."""

import math
from collections.abc import Sequence


def gain_to_pain(returns: Sequence[float]) -> float | None:
    """Return the sum of all returns over the sum of the losses, bar by bar; None without a loss.

    Above 0 for a gain. quantstats adds the returns of each day up first; that is the same for daily bars.
    """
    lost = -math.fsum(earned for earned in returns if earned < 0)
    return math.fsum(returns) / lost if lost > 0 else None
