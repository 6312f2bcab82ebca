"""EWMA volatility: the variance of a series as it was known before each value, newer values counting more."""

import math
import statistics
from collections.abc import Sequence

#: RiskMetrics' decay for days.
DECAY = 0.94


def deviations(values: Sequence[float], decay: float = DECAY) -> list[float]:
    """Return the deviation known before each of `values`, and after the last one: one more than there are values.

    The mean counts as 0; the first variance is the mean square of all of them.
    """
    variance = statistics.fmean(value * value for value in values) if values else 0.0
    found = [math.sqrt(variance)]
    for value in values:
        variance = decay * variance + (1 - decay) * value * value
        found.append(math.sqrt(variance))
    return found


def standardised(values: Sequence[float], decay: float = DECAY) -> list[float]:
    """Return `values`, each as large as it would be at the deviation after the last one; zeros for no move at all."""
    *before, now = deviations(values, decay)
    return [value * now / then if then > 0 else 0.0 for value, then in zip(values, before, strict=True)]
