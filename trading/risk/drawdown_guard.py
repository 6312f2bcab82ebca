"""Refuse new risk after a loss from the peak; holding and exits stay allowed."""

from decimal import Decimal

from trading.money import ONE, multiply
from trading.target import Target


def apply(target: Target, holding: Decimal, equity: Decimal, peak_equity: Decimal, max_drawdown: Decimal) -> Target:
    """Return `target`, capped at the present `holding` once equity stands `max_drawdown` below its peak."""
    if peak_equity > 0 and equity < multiply(peak_equity, ONE - max_drawdown):
        return target.capped(holding, "drawdown_guard")
    return target
