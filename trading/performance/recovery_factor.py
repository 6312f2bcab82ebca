"""Recovery factor: what was earned in units of the deepest drawdown."""

import math
from collections.abc import Sequence


def recovery_factor(returns: Sequence[float], deepest: float) -> float | None:
    """Return the sum of the returns, not compounded, over the `deepest` drawdown (-0.2 = 20 % below the peak).

    None without a drawdown. It keeps the sign of a loss, which quantstats drops.
    """
    return math.fsum(returns) / -deepest if deepest < 0 else None
