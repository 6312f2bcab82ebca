"""Payoff ratio: how large the mean gain is, compared with the mean loss."""

import statistics
from collections.abc import Sequence


def payoff_ratio(returns: Sequence[float]) -> float | None:
    """Return the mean gain over the mean loss, bar by bar, both without sign; None without a gain or without a loss."""
    gains = [earned for earned in returns if earned > 0]
    losses = [earned for earned in returns if earned < 0]
    return statistics.fmean(gains) / -statistics.fmean(losses) if gains and losses else None
