"""Wilder's averages step by step, in TA-Lib's order of operations: RSI, ATR, directional movement."""

import math

from trading.indicators.state.bars import Carried, Window, in_order

BARS = 14
#: What TA-Lib takes for zero.
_ZERO = 1e-14


def rsi(window: Window, before: Carried) -> Carried:
    """Return what the averages of gains and losses carry on."""
    if window.count < 2:
        return {"gain": 0.0, "loss": 0.0}
    change = window.at("close") - window.at("close", 1)
    gain, loss = before["gain"], before["loss"]
    if window.count > BARS + 1:
        gain, loss = gain * (BARS - 1), loss * (BARS - 1)
    if change < 0:
        loss -= change
    else:
        gain += change
    if window.count >= BARS + 1:
        gain, loss = gain / BARS, loss / BARS
    return {"gain": gain, "loss": loss}


def strength(window: Window, carried: Carried) -> float:
    """Return RSI(14), 0..100; NaN in the warm-up."""
    if window.count < BARS + 1:
        return math.nan
    whole = carried["gain"] + carried["loss"]
    return 0.0 if _nought(whole) else 100.0 * (carried["gain"] / whole)


def atr(window: Window, before: Carried) -> Carried:
    """Return what the average true range carries on: nothing in its warm-up."""
    if window.count < BARS + 1:
        return {}
    if window.count == BARS + 1:
        return {"atr": in_order(window.last("true_range", BARS)) / BARS}
    return {"atr": (before["atr"] * (BARS - 1) + window.at("true_range")) / BARS}


def movement(window: Window, before: Carried) -> Carried:
    """Return what the directional movement carries on: rises, falls and ranges, then the average index."""
    if window.count < 2:
        return {"plus": 0.0, "minus": 0.0, "range": 0.0}
    rise = window.at("high") - window.at("high", 1)
    fall = window.at("low", 1) - window.at("low")
    plus, minus, span = before["plus"], before["minus"], before["range"]
    if window.count > BARS:
        plus, minus, span = plus - plus / BARS, minus - minus / BARS, span - span / BARS
    if fall > 0 and rise < fall:
        minus += fall
    elif rise > 0 and rise > fall:
        plus += rise
    carried = {"plus": plus, "minus": minus, "range": span + window.at("true_range")}
    return {**carried, **_index(window, before, carried)}


def plus_minus(carried: Carried) -> tuple[float, float]:
    """Return +DI and -DI, 0..100; 0 without any range."""
    span = carried["range"]
    return (0.0, 0.0) if _nought(span) else (100.0 * (carried["plus"] / span), 100.0 * (carried["minus"] / span))


def _index(window: Window, before: Carried, carried: Carried) -> Carried:
    """Return the sum of the first 14 directional indices, from then on their average."""
    if window.count <= BARS:
        return {}
    plus, minus = plus_minus(carried)
    whole = minus + plus
    index = None if _nought(whole) else 100.0 * (abs(minus - plus) / whole)
    if window.count <= 2 * BARS:
        total = before.get("sum", 0.0) + (index or 0.0)
        return {"sum": total} if window.count < 2 * BARS else {"adx": total / BARS}
    return {"adx": before["adx"] if index is None else (before["adx"] * (BARS - 1) + index) / BARS}


def _nought(value: float) -> bool:
    return -_ZERO < value < _ZERO
