"""Expected shortfall (conditional value at risk): the mean return of one bar among the worst ones.

Both are returns of one bar and below 0 for a loss: -0.08 is a loss of 8 %.
"""

import statistics
from collections.abc import Sequence


def historical_expected_shortfall(returns: Sequence[float], level: float = 0.05) -> float | None:
    """Return the mean of the worst share `level` of the returns themselves, as empyrical has it; None for none."""
    if not returns:
        return None
    return statistics.fmean(sorted(returns)[: int((len(returns) - 1) * level) + 1])


def normal_expected_shortfall(returns: Sequence[float], level: float = 0.05) -> float | None:
    """Return the mean of the worst share `level` of a normal distribution like theirs, as quantstats has it.

    It underrates fat tails. None for fewer than two returns.
    """
    if len(returns) < 2:
        return None
    normal = statistics.NormalDist()
    deviations = normal.pdf(normal.inv_cdf(level)) / level
    return statistics.fmean(returns) - deviations * statistics.stdev(returns)
