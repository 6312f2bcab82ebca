"""Winning bars: the share of bars that earned something, among those that moved at all."""

from collections.abc import Sequence


def winning_bars(returns: Sequence[float]) -> float | None:
    """Return the share (0..1) of gains among the returns that are not 0, which quantstats calls the win rate.

    None where nothing moved. `win_rate` here is that of round trips.
    """
    moved = sum(earned != 0 for earned in returns)
    return sum(earned > 0 for earned in returns) / moved if moved else None
