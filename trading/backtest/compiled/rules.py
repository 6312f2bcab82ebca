"""The rules that the kernel evaluates itself, for they read what is held: the strategies of these names."""

from typing import NamedTuple

import numpy as np

from trading.backtest.compiled.idle import Calm
from trading.backtest.compiled.inputs import Floats

GIVEN, TREND, MEAN_REVERSION, MULTI_TIMEFRAME = 0, 1, 2, 3
#: A holding worth less of its equity than this is a remainder, as trading/strategies/knowledge.py has it.
_REMAINDER = 0.05
_NO_STOP = -1.0
_NEAR_HALF = 1e-6
_NEAR_REMAINDER = 1e-12


Values = tuple[float, float, float, float, float, float, float]


class Wish(NamedTuple):
    """What one set wants: its rule with 7 values, and the four measures that the rule reads, by slot."""

    rule: int
    values: Values
    one: Floats
    other: Floats
    third: Floats
    fourth: Floats


def desired(
    holds: bool, rule: int, values: Values, one: float, other: float, third: float, fourth: float, volatility: float
) -> tuple[float, float]:
    """Return exposure and stop distance as fractions, not rounded yet, of who `holds` a position at the close of a bar.

    `one`, `other`, `third` and `fourth` are the measures that the `rule` reads. An exposure of NaN is no signal, a
    distance below 0 no stop.
    """
    if rule == TREND:
        return _trend(holds, values, one, other, volatility)
    if rule == MEAN_REVERSION:
        return _mean_reversion(holds, values, one, other, third, fourth, volatility)
    if rule == MULTI_TIMEFRAME:
        return _multi_timeframe(holds, values, one, other, third, volatility)
    return one, _NO_STOP if np.isnan(other) else other


def _trend(holds: bool, values: Values, gap: float, strength: float, volatility: float) -> tuple[float, float]:
    entry, leave, least, full, exposure, step, multiple = values
    # What is not known is NaN, and less than nothing.
    if not gap >= leave or np.isnan(strength):
        return 0.0, _NO_STOP
    if not holds and not (gap >= entry and strength >= least):
        return 0.0, _NO_STOP
    # What is the same for all bars is computed once; near a half, the error of the inverse may change the steps.
    about = strength * (1 / (full * step))
    steps = np.rint(1 / step) if strength >= full else np.rint(about)
    if strength < full and abs(abs(about - steps) - 0.5) < _NEAR_HALF:
        steps = np.rint(strength / full / step)
    return min(max(steps, 1.0) * step, 1.0) * exposure, _distance(multiple, volatility)


def _mean_reversion(
    holds: bool,
    values: Values,
    score: float,
    regime: float,
    statistic: float,
    half_life: float,
    volatility: float,
) -> tuple[float, float]:
    entry, leave, exposure, multiple, allowed = values[:5]
    if not allows(allowed, regime) or not reverts(values, statistic, half_life) or not score <= -leave:
        return 0.0, _NO_STOP
    if not holds and score > -entry:
        return 0.0, _NO_STOP
    return exposure, _distance(multiple, volatility)


def allows(allowed: float, regime: float) -> bool:
    """Whether a `regime`, NaN where it is not known, is one of those that `allowed` has a bit for."""
    return not np.isnan(regime) and int(allowed) >> int(regime) & 1 == 1


def reverts(values: Values, statistic: float, half_life: float) -> bool:
    """Whether the tests of a market, NaN where there is none, are within the limits that mean reversion has for them.

    A limit of 0 is none.
    """
    stationary = values[5] == 0 or statistic <= values[5]
    return stationary and (values[6] == 0 or half_life <= values[6])


def _multi_timeframe(
    holds: bool, values: Values, gap: float, four: float, day: float, volatility: float
) -> tuple[float, float]:
    entry, leave, confirm, patience, exposure, multiple = values[:6]
    if not gap >= leave or np.isnan(four) or np.isnan(day):
        return 0.0, _NO_STOP
    refusing = int(four <= confirm) + int(day <= confirm)
    if refusing >= patience or (not holds and not (gap >= entry and refusing == 0)):
        return 0.0, _NO_STOP
    return exposure, _distance(multiple, volatility)


def holding(calm: Calm, close: float) -> bool:
    """Whether more than a remainder is held at the close of a bar (`close`, in quote)."""
    held = calm.held * close
    total = held + calm.cash
    apart = held - _REMAINDER * total
    # Only so near to it a division may tell something else.
    return apart > 0 if abs(apart) > _NEAR_REMAINDER * total else total > 0 and held / total >= _REMAINDER


def _distance(multiple: float, volatility: float) -> float:
    return _NO_STOP if multiple == 0 else min(max(multiple * volatility, 0.001), 0.5)
