"""Tail ratio: how far the good end of the returns reaches, compared with the bad end."""

from collections.abc import Sequence

from trading.performance.quantile import quantile


def tail_ratio(returns: Sequence[float]) -> float | None:
    """Return the 95 % quantile over the 5 % quantile, both without sign; None where the bad end is 0.

    Above 1 when good bars are larger than bad ones.
    """
    bad = abs(quantile(returns, 0.05)) if returns else 0.0
    return abs(quantile(returns, 0.95)) / bad if bad > 0 else None
