"""Compound annual growth: the yearly return that would have led to the same end."""

import math
from collections.abc import Sequence

from trading.performance.sharpe import least_returns


def compound(returns: Sequence[float], bars: float) -> float:
    """Return what `bars` bars make at the geometric mean of `returns`, which are not empty (0.25 = 25 %)."""
    if min(returns) <= -1:
        return -1.0
    return math.expm1(math.fsum(map(math.log1p, returns)) * bars / len(returns))


def cagr(returns: Sequence[float], bars_per_year: float) -> float | None:
    """Return the compound growth a year (0.25 = 25 %), -1 when all was lost; None for too few bars."""
    return compound(returns, bars_per_year) if len(returns) >= least_returns(bars_per_year) else None
