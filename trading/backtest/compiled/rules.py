"""The rules that the kernel evaluates itself, for they read what is held: the strategies of these names."""

import numpy as np

from trading.backtest.compiled.idle import Calm

GIVEN, TREND, MEAN_REVERSION = 0, 1, 2
#: A holding worth less of its equity than this is a remainder, as trading/strategies/knowledge.py has it.
_REMAINDER = 0.05
_NO_STOP = -1.0
_NEAR_HALF = 1e-6
_NEAR_REMAINDER = 1e-12


Values = tuple[float, float, float, float, float, float, float]


def desired(
    calm: Calm, rule: int, values: Values, one: float, other: float, volatility: float, close: float
) -> tuple[float, float]:
    """Return exposure and stop distance as fractions, not rounded yet, at the close of a bar (`close`, in quote).

    `one` and `other` are the two measures that the `rule` reads. An exposure of NaN is no signal, a distance below 0 no
    stop.
    """
    if rule == TREND:
        return _trend(calm, values, one, other, volatility, close)
    if rule == MEAN_REVERSION:
        return _mean_reversion(calm, values, one, other, volatility, close)
    return one, _NO_STOP if np.isnan(other) else other


def _trend(
    calm: Calm, values: Values, gap: float, strength: float, volatility: float, close: float
) -> tuple[float, float]:
    entry, leave, least, full, exposure, step, multiple = values
    # What is not known is NaN, and less than nothing.
    if not gap >= leave or np.isnan(strength):
        return 0.0, _NO_STOP
    if not _holds(calm, close) and not (gap >= entry and strength >= least):
        return 0.0, _NO_STOP
    about = min(strength * (1 / (full * step)), 1 / step)
    steps = np.rint(about)
    if abs(abs(about - steps) - 0.5) < _NEAR_HALF:
        # The inverse is the same for all bars; only here may its error change the number of steps.
        steps = np.rint(min(strength / full, 1.0) / step)
    return min(max(steps, 1.0) * step, 1.0) * exposure, _distance(multiple, volatility)


def _mean_reversion(
    calm: Calm, values: Values, score: float, regime: float, volatility: float, close: float
) -> tuple[float, float]:
    entry, leave, exposure, multiple, allowed = values[:5]
    if np.isnan(regime) or not int(allowed) >> int(regime) & 1 or not score <= -leave:
        return 0.0, _NO_STOP
    if not _holds(calm, close) and score > -entry:
        return 0.0, _NO_STOP
    return exposure, _distance(multiple, volatility)


def _holds(calm: Calm, close: float) -> bool:
    """Whether more than a remainder is held."""
    held = calm.held * close
    total = held + calm.cash
    apart = held - _REMAINDER * total
    # Only so near to it a division may tell something else.
    return apart > 0 if abs(apart) > _NEAR_REMAINDER * total else total > 0 and held / total >= _REMAINDER


def _distance(multiple: float, volatility: float) -> float:
    return _NO_STOP if multiple == 0 else min(max(multiple * volatility, 0.001), 0.5)
