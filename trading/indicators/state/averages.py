"""Exponential averages step by step, in TA-Lib's order of operations: seeded with the mean of their first window."""

import math

from trading.indicators.state.bars import Carried, Window, in_order

#: MACD(12, 26, 9): both averages begin at the slow one's first bar, the signal nine bars on.
FAST, SLOW, SIGNAL = 12, 26, 9


def ema(window: Window, before: Carried, bars: int) -> Carried:
    """Return what the average of closes over `bars` carries on, under its own name; nothing in its warm-up."""
    name = f"ema_{bars}"
    if window.count < bars:
        return {}
    if window.count == bars:
        return {name: in_order(window.last("close", bars)) / bars}
    return {name: _step(before[name], window.at("close"), bars)}


def macd(window: Window, before: Carried) -> Carried:
    """Return what MACD carries on: fast and slow average, the sum of its first values, then its signal."""
    if window.count < SLOW:
        return {}
    close = window.at("close")
    if window.count == SLOW:
        fast = in_order(window.last("close", FAST)) / FAST
        slow = in_order(window.last("close", SLOW)) / SLOW
    else:
        fast, slow = _step(before["fast"], close, FAST), _step(before["slow"], close, SLOW)
    carried = {"fast": fast, "slow": slow}
    place = window.count - SLOW + 1
    if place < SIGNAL:
        return {**carried, "first": before.get("first", 0.0) + (fast - slow)}
    if place == SIGNAL:
        return {**carried, "signal": (before["first"] + (fast - slow)) / SIGNAL}
    return {**carried, "signal": _step(before["signal"], fast - slow, SIGNAL)}


def histogram(carried: Carried) -> float:
    """Return MACD less its signal; NaN in the warm-up."""
    return carried["fast"] - carried["slow"] - carried["signal"] if "signal" in carried else math.nan


def _step(average: float, value: float, bars: int) -> float:
    return (value - average) * (2.0 / (bars + 1)) + average
