"""Deflated Sharpe ratio: how likely skill is, once chance, odd tails and the number of things tried are allowed for.

Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier" (2012) and "The Deflated Sharpe Ratio" (2014). All
ratios are per return, not a year.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, variance

#: Euler and Mascheroni's constant.
_GAMMA = 0.5772156649015329
_NORMAL = NormalDist()


def probabilistic_sharpe(sharpe: float, count: int, skew: float, kurtosis: float, least: float = 0.0) -> float:
    """Return the probability (0 to 1) that the true ratio exceeds `least`, where `count` returns show `sharpe`.

    `kurtosis` is that of the returns in excess of a normal distribution's 3, as `skew` without unit; all per return.
    """
    # No distribution has less: samples may seem to, by the corrections for their number.
    whole = max(kurtosis + 3, 1 + skew**2)
    spread = max(1 - skew * sharpe + (whole - 1) / 4 * sharpe**2, 1e-12)
    return _NORMAL.cdf((sharpe - least) * math.sqrt(max(count - 1, 0) / spread))


def expected_best(trials: int, spread: float) -> float:
    """Return the best ratio that chance alone is expected to show among `trials` whose ratios have variance `spread`.

    0 for a single trial: nothing was chosen.
    """
    if trials < 2:
        return 0.0
    first = _NORMAL.inv_cdf(1 - 1 / trials)
    second = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(spread) * ((1 - _GAMMA) * first + _GAMMA * second)


def deflated_sharpe(
    sharpe: float, count: int, skew: float, kurtosis: float, tried: Sequence[float], trials: int
) -> float:
    """Return the probability that the true ratio of the best of `trials` exceeds 0.

    `tried` are the ratios of those that saw the same returns: their variance says how much there was to choose from.
    `trials` counts all, whatever they saw; the rest is as in `probabilistic_sharpe`.
    """
    spread = variance(tried) if len(tried) > 1 else 0.0
    return probabilistic_sharpe(sharpe, count, skew, kurtosis, expected_best(trials, spread))
