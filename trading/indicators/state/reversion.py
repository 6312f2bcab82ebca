"""The Dickey-Fuller test of the newest window: what trading/indicators/reversion tells of its last bar."""

import math

import numpy as np

from trading.indicators.reversion import BARS, LEAST_APART, LEAST_LEFT
from trading.indicators.state.bars import Window


def reversion(window: Window) -> dict[str, float]:
    """Return the t statistic and the half-life in bars by name; NaN where one is not defined."""
    beta, error = _regressed(window)
    shrinks = LEAST_APART - 1 < beta < -LEAST_APART
    half_life = -math.log(2) / math.log1p(beta) if shrinks else math.nan
    return {f"dickey_fuller_{BARS}": beta / error, f"half_life_{BARS}": half_life}


def _regressed(window: Window) -> tuple[float, float]:
    """Return beta and its standard error, NaN without a sample."""
    closes = window.last("log_close", BARS + 1)
    levels = closes[:-1]
    if len(levels) < BARS or levels.max() == levels.min():
        return math.nan, math.nan
    off, moved = levels - levels.sum() / BARS, np.diff(closes) - (closes[-1] - closes[0]) / BARS
    spread, together, total = float(off @ off), float(off @ moved), float(moved @ moved)
    left = total - together**2 / spread
    if left <= LEAST_LEFT * total:
        return math.nan, math.nan
    return together / spread, math.sqrt(left / (BARS - 2) / spread)
