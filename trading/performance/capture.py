"""Capture: how much of the benchmark's rises and falls the book took part in.

Each compares geometric means over the bars on which the benchmark rose (or fell), compounded over `bars_per_year` bars
as empyrical does. A year of nothing but rises is a number without meaning for short bars: 1 compares single bars.
"""

from collections.abc import Callable, Sequence

from trading.performance.cagr import compound


def up_capture(returns: Sequence[float], benchmark: Sequence[float], bars_per_year: float = 1.0) -> float | None:
    """Return the share of the benchmark's rises that the book made (1 = all of them); None without any rise."""
    return _capture(returns, benchmark, bars_per_year, lambda market: market > 0)


def down_capture(returns: Sequence[float], benchmark: Sequence[float], bars_per_year: float = 1.0) -> float | None:
    """Return the share of the benchmark's falls that the book suffered (1 = all of them); None without any fall."""
    return _capture(returns, benchmark, bars_per_year, lambda market: market < 0)


def _capture(
    returns: Sequence[float], benchmark: Sequence[float], bars_per_year: float, counts: Callable[[float], bool]
) -> float | None:
    pairs = [(own, market) for own, market in zip(returns, benchmark, strict=True) if counts(market)]
    if not pairs:
        return None
    own, market = zip(*pairs, strict=True)
    return compound(own, bars_per_year) / compound(market, bars_per_year)
