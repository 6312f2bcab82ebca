"""Historical simulation: what the positions held now would have earned on each day of the past."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trading.performance.expected_shortfall import historical_expected_shortfall, normal_expected_shortfall
from trading.performance.value_at_risk import historical_value_at_risk, normal_value_at_risk
from trading.risk.measures.ewma import standardised
from trading.risk.measures.history import Floats

#: Fewer returns than these say nothing about a tail.
LEAST = 30


@dataclass(frozen=True)
class Tail:
    """Value at risk and expected shortfall, profits in quote and so below 0 for a loss; None with the reason `why`.

    `returns` is the number of days (or of overlapping windows) that it rests on.
    """

    method: str
    level: float
    days: int
    returns: int
    value_at_risk: float | None
    expected_shortfall: float | None
    why: str = ""


def least(level: float) -> int:
    """Return how many returns a tail at `level` (0.05, 0.01) needs: one beyond it is expected, and never below 30."""
    return max(LEAST, math.ceil(1 / level - 1e-9))


def profits(returns: Floats, values: Sequence[float]) -> list[float]:
    """Return what positions worth `values` (quote) earn on each row of `returns` (days x symbols)."""
    return [float(each) for each in returns @ np.asarray(values, dtype=np.float64)]


def historical(earned: Sequence[float], level: float, days: int, overlapping: int = 1) -> Tail:
    """Return the tail of the profits themselves; windows that share days count as that many fewer."""
    apart = len(earned) // overlapping
    if apart < least(level):
        kind = f"windows of {days} days apart from each other" if overlapping > 1 else "days"
        return _unknown("historical", earned, level, days, f"{apart} of at least {least(level)} {kind}")
    found = historical_value_at_risk(earned, level), historical_expected_shortfall(earned, level)
    return Tail("historical", level, days, len(earned), *found)


def normal(earned: Sequence[float], level: float, days: int = 1) -> Tail:
    """Return the tail of a normal distribution with mean and deviation of the daily profits, over `days` of them."""
    if len(earned) < LEAST:
        return _unknown("normal", earned, level, days, f"{len(earned)} of at least {LEAST} days")
    mean = statistics.fmean(earned)
    longer = [mean * days + (each - mean) * math.sqrt(days) for each in earned]
    found = normal_value_at_risk(longer, level), normal_expected_shortfall(longer, level)
    return Tail("normal", level, days, len(earned), *found)


def filtered(earned: Sequence[float], level: float, days: int = 1) -> Tail:
    """Return the tail of the profits scaled to the volatility of now, times the root of `days`.

    Hull and White, "Incorporating volatility updating into the historical simulation method" (1998).
    """
    if len(earned) < least(level):
        return _unknown("filtered", earned, level, days, f"{len(earned)} of at least {least(level)} days")
    longer = [each * math.sqrt(days) for each in standardised(earned)]
    found = historical_value_at_risk(longer, level), historical_expected_shortfall(longer, level)
    return Tail("filtered", level, days, len(earned), *found)


def _unknown(method: str, earned: Sequence[float], level: float, days: int, why: str) -> Tail:
    return Tail(method, level, days, len(earned), None, None, why)
