"""Component and marginal risk: how much of the whole's value at risk and shortfall each position brings.

By Euler's theorem the components, value times marginal, add up to the whole.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from trading.risk.measures.history import Floats


def marginal_value_at_risk(returns: Floats, values: Sequence[float], level: float) -> list[float]:
    """Return the change of the normal value at risk of a day for one more quote of each symbol; below 0: more loss.

    `returns` are days (at least two) x symbols, `values` the positions in quote. Zeros where nothing moves.
    """
    held = np.asarray(values, dtype=np.float64)
    covariance = np.atleast_2d(np.cov(returns, rowvar=False))
    variance = float(held @ covariance @ held)
    if variance <= 0:
        return [float(each) for each in returns.mean(axis=0)]
    slope = covariance @ held / math.sqrt(variance)
    return [float(each) for each in returns.mean(axis=0) + NormalDist().inv_cdf(level) * slope]


def marginal_expected_shortfall(returns: Floats, values: Sequence[float], level: float) -> list[float]:
    """Return the mean return of each symbol on the days that make the historical shortfall of all of them together."""
    earned = returns @ np.asarray(values, dtype=np.float64)
    worst = np.argsort(earned, kind="stable")[: int((len(earned) - 1) * level) + 1]
    return [float(each) for each in returns[worst].mean(axis=0)]
