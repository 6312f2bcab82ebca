"""Calmar ratio: growth a year per unit of the deepest drawdown."""

from collections.abc import Sequence

from trading.performance.cagr import cagr


def calmar(returns: Sequence[float], deepest: float, bars_per_year: float) -> float | None:
    """Return the compound annual growth over the `deepest` drawdown (-0.2 = 20 % below the peak).

    None for too few bars or without a drawdown.
    """
    grown = cagr(returns, bars_per_year)
    return grown / -deepest if grown is not None and deepest < 0 else None
