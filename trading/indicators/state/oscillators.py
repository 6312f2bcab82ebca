"""Oscillators step by step, in TA-Lib's order of operations: running sums are carried, with all their rounding."""

import math

import numpy as np

from trading.indicators.state.bars import Carried, Window, in_order

#: What TA-Lib takes for zero; of a difference as a share of both sides.
_ZERO = 1e-14
_STOCHASTIC, _SMOOTH = 14, 3
_CCI = 20
#: The spans of the ultimate oscillator and the weights of their parts.
_ULTIMATE = ((7, 4.0), (14, 2.0), (28, 1.0))
_FLOW = 14


def stochastic(window: Window, before: Carried) -> Carried:
    """Return what the smoothed %K carries on: its last values and their running sum."""
    if window.count < _STOCHASTIC:
        return {}
    low, high = window.last("low", _STOCHASTIC).min(), window.last("high", _STOCHASTIC).max()
    span = float(high - low)
    raw = 100.0 * (float(window.at("close") - low) / span) if span != 0.0 else 0.0
    total = before.get("total", 0.0) + raw
    carried = {"k_0": raw, "k_1": before.get("k_0", 0.0)}
    if window.count < _STOCHASTIC + _SMOOTH - 1:
        return {**carried, "total": total}
    return {**carried, "slow": total / _SMOOTH, "total": total - before["k_1"]}


def slow_k(window: Window, carried: Carried) -> float:
    """Return the stochastic of 14 bars smoothed over 3, 0..100; NaN until its own average could be told too."""
    return carried["slow"] if window.count >= _STOCHASTIC + 2 * (_SMOOTH - 1) else math.nan


def cci(window: Window) -> float:
    """Return CCI(20); NaN in the warm-up."""
    if window.count < _CCI:
        return math.nan
    # TA-Lib adds up its ring buffer from its first cell on, wherever the newest bar lies in it.
    ring = np.roll(window.last("typical", _CCI), (window.count - _CCI) % _CCI)
    average = in_order(ring) / _CCI
    spread = in_order(np.abs(ring - average))
    typical = window.at("typical")
    alike = _alike(typical, average) or spread == 0.0
    return 0.0 if alike else (typical - average) / (0.015 * (spread / _CCI))


def ultimate(window: Window, before: Carried) -> Carried:
    """Return what the ultimate oscillator carries on: per span the sums of pressure and of range, and its value."""
    if window.count < 2:
        return {f"{part}_{span}": 0.0 for span, _ in _ULTIMATE for part in ("a", "b")}
    longest = _ULTIMATE[-1][0]
    carried = dict(before)
    carried.pop("value", None)
    told, told_range = _pressure(window, 0), window.at("true_range")
    value = 0.0
    for span, weight in _ULTIMATE:
        # All sums begin so that they are whole when the longest one is.
        if window.count <= longest + 1 - span:
            continue
        a, b = carried[f"a_{span}"] + told, carried[f"b_{span}"] + told_range
        if not window.last("true_range", span).any():
            # No bar of the window has a range: all that the sums hold is rounding.
            a = b = 0.0
        if window.count > longest:
            if not -_ZERO < b < _ZERO:
                value += weight * (a / b)
            a, b = a - _pressure(window, span - 1), b - window.at("true_range", span - 1)
        carried[f"a_{span}"], carried[f"b_{span}"] = a, b
    return {**carried, "value": 100.0 * (value / 7.0)} if window.count > longest else carried


def money_flow(window: Window, before: Carried) -> Carried:
    """Return what the money flow index carries on: the running sums of both flows."""
    if window.count < 2:
        return {"positive": 0.0, "negative": 0.0}
    positive, negative = before["positive"], before["negative"]
    if window.count > _FLOW + 1:
        old_positive, old_negative = _flow(window, _FLOW)
        positive, negative = positive - old_positive, negative - old_negative
    if window.count > _FLOW and not any(any(_flow(window, back)) for back in range(_FLOW)):
        # Nothing has flowed in the window: all that the sums hold is rounding.
        return {"positive": 0.0, "negative": 0.0}
    new_positive, new_negative = _flow(window, 0)
    return {"positive": positive + new_positive, "negative": negative + new_negative}


def flow_index(window: Window, carried: Carried) -> float:
    """Return MFI(14), 0..100; NaN in the warm-up."""
    if window.count < _FLOW + 1:
        return math.nan
    whole = carried["positive"] + carried["negative"]
    return 100.0 * (min(max(carried["positive"], 0.0), whole) / whole) if whole > 0.0 else 0.0


def aroon(window: Window, bars: int) -> float:
    """Return the Aroon oscillator, -100..100; of equal extremes the newest counts. NaN in the warm-up."""
    if window.count < bars + 1:
        return math.nan
    high, low = window.last("high", bars + 1)[::-1], window.last("low", bars + 1)[::-1]
    return (100.0 / bars) * (int(low.argmin()) - int(high.argmax()))


def _pressure(window: Window, back: int) -> float:
    """Return by how much the close of the bar that lies `back` ago stood above its true low."""
    return window.at("close", back) - min(window.at("low", back), window.at("close", back + 1))


def _flow(window: Window, back: int) -> tuple[float, float]:
    typical, earlier = window.at("typical", back), window.at("typical", back + 1)
    if _alike(typical, earlier):
        return 0.0, 0.0
    flow = typical * window.at("volume", back)
    return (flow, 0.0) if typical > earlier else (0.0, flow)


def _alike(price: float, other: float) -> bool:
    """Return whether nothing but rounding lies between two prices."""
    return abs(price - other) <= _ZERO * (price + other)
