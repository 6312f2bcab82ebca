"""Windows that are looked at anew with each bar: returns, deviations, slopes, shares, channels."""

import math

import numpy as np

from trading.indicators.state.bars import Array, Window

#: Below this a deviation or a path is the rounding dust of a market that does not move.
DUST = 1e-9


def log_return(window: Window, bars: int) -> float:
    """Return the log return of the close over `bars`."""
    earlier = window.at("close", bars)
    return math.log(window.at("close") / earlier) if not math.isnan(earlier) else math.nan


def deviation(values: Array, bars: int) -> float:
    """Return the sample standard deviation of `values`; NaN unless there are `bars` of them, all numbers."""
    if len(values) < bars:
        return math.nan
    off = values - values.sum() / bars
    return math.sqrt(float(off @ off) / (bars - 1))


def z_score(values: Array, bars: int) -> float:
    """Return how many deviations the newest value lies from the mean of all `bars`; 0 where all are equal."""
    spread = deviation(values, bars)
    if math.isnan(spread):
        return math.nan
    return float(values[-1] - values.sum() / bars) / spread if spread > DUST else 0.0


def realised(window: Window, bars: int) -> float:
    """Return the deviation of one-bar log returns over `bars`; dust of a constant window is 0."""
    spread = deviation(window.last("return_1", bars), bars)
    return spread if math.isnan(spread) or spread > DUST else 0.0


def parkinson(window: Window, bars: int) -> float:
    """Return Parkinson's volatility of one bar, from the ranges of the last `bars`."""
    if window.count < bars:
        return math.nan
    return math.sqrt(float(window.last("squared_range", bars).sum()) / bars) / math.sqrt(4 * math.log(2))


def efficiency(window: Window, bars: int) -> float:
    """Return the net log move over `bars` divided by the length of its path, -1..1."""
    path = float(np.abs(window.last("return_1", bars)).sum())
    if window.count <= bars or math.isnan(path):
        return math.nan
    return log_return(window, bars) / path if path > DUST else 0.0


def share(window: Window, part: str, bars: int) -> float:
    """Return the sum of the column `part` over `bars` as a share of all volume, -1..1; NaN without any volume."""
    if window.count < bars:
        return math.nan
    total, taken = float(window.last("volume", bars).sum()), float(window.last(part, bars).sum())
    return min(1.0, max(-1.0, taken / total)) if total > 0 and not math.isnan(taken) else math.nan


def channel(window: Window, bars: int) -> float:
    """Return the place of the close in the channel of `bars`: 0 at the low, 1 at the high, 0.5 in no range."""
    if window.count < bars:
        return math.nan
    low, high = float(window.last("low", bars).min()), float(window.last("high", bars).max())
    return (window.at("close") - low) / (high - low) if high > low else 0.5


def slope(window: Window, bars: int) -> float:
    """Return the least squares slope of the log close over `bars`, added up in TA-Lib's order."""
    if window.count < bars:
        return math.nan
    total = squares = products = 0.0
    for back, value in zip(range(bars - 1, -1, -1), window.last("log_close", bars).tolist(), strict=True):
        squares += value
        products += back * value
    total = bars * (bars - 1) * 0.5
    divisor = total * total - bars * (bars * (bars - 1) * (2 * bars - 1) / 6)
    return (bars * products - total * squares) / divisor
