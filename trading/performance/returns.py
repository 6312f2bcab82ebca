"""Returns: what each bar earned, with money paid in left out."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from trading.money import ONE, ZERO, divide, multiply
from trading.performance.equity import Valuation


def returns(curve: Sequence[Valuation]) -> list[Decimal]:
    """Return the simple return from each valuation to the next (0.01 = 1 %); zero from an empty book."""
    found: list[Decimal] = []
    for before, after in pairwise(curve):
        earned = after.pnl - before.pnl
        found.append(divide(earned, before.equity) if before.equity > ZERO else ZERO)
    return found


def growth(curve: Sequence[Valuation]) -> list[Decimal]:
    """Return what 1 at the first valuation has become at each, so that deposits are no profit; empty for no curve."""
    index = [ONE] if curve else []
    for earned in returns(curve):
        index.append(multiply(index[-1], ONE + earned))
    return index
