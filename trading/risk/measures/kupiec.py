"""Kupiec's test: whether a value at risk is exceeded as often as it says.

Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models" (1995): proportion of failures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Below so many expected exceedances the test could not tell a good model from a bad one.
_LEAST_EXPECTED = 5


@dataclass(frozen=True)
class Kupiec:
    """How often results fell below their value at risk. `p_value` None with the reason `why` for too few days."""

    days: int
    exceedances: int
    expected: float
    ratio: float | None
    p_value: float | None
    why: str = ""


def kupiec(forecasts: Sequence[float], results: Sequence[float], level: float) -> Kupiec:
    """Return the test of `results` against `forecasts` of the same days (profits in quote) at `level` (0.05, 0.01)."""
    days = len(results)
    beyond = sum(result < forecast for forecast, result in zip(forecasts, results, strict=True))
    needed = math.ceil(_LEAST_EXPECTED / level - 1e-9)
    if days < needed:
        return Kupiec(days, beyond, days * level, None, None, f"{days} of at least {needed} days")
    share = beyond / days
    ratio = 2 * (_likelihood(beyond, days, share) - _likelihood(beyond, days, level))
    # The tail of chi-squared with one degree of freedom.
    return Kupiec(days, beyond, days * level, ratio, math.erfc(math.sqrt(max(ratio, 0.0) / 2)))


def _likelihood(beyond: int, days: int, share: float) -> float:
    """Return the logarithm of how likely `beyond` of `days` are at `share`; 0 to the power of 0 is 1."""
    within = (days - beyond) * math.log(1 - share) if beyond < days else 0.0
    return within + (beyond * math.log(share) if beyond else 0.0)
