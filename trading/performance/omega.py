"""Omega ratio: all that was gained for each unit lost."""

import math
from collections.abc import Sequence


def omega(returns: Sequence[float]) -> float | None:
    """Return the sum of the gains over the sum of the losses, bar by bar (threshold 0); None without a loss.

    Above 1 for a gain. quantstats calls it the profit factor; `profit_factor` here is that of round trips.
    """
    lost = -math.fsum(earned for earned in returns if earned < 0)
    return math.fsum(earned for earned in returns if earned > 0) / lost if lost > 0 else None
