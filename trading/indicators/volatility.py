"""Volatility features of the bars of one symbol: how far prices move, and where in their range they stand."""

import math

import polars as pl

from trading.indicators import talib
from trading.indicators.momentum import z_score

OPEN, HIGH, LOW, CLOSE = pl.col("open"), pl.col("high"), pl.col("low"), pl.col("close")


def realised(bars: int) -> pl.Expr:
    """Return the standard deviation of one-bar log returns over `bars`; dust of a constant window is 0."""
    deviation = (CLOSE / CLOSE.shift(1)).log().rolling_std(bars)
    return pl.when(deviation.is_not_null()).then(pl.when(deviation > 1e-9).then(deviation).otherwise(0.0))


def average_range(bars: int) -> pl.Expr:
    """Return ATR over `bars` as a fraction of the close."""
    return talib.atr(bars) / CLOSE


def parkinson(bars: int) -> pl.Expr:
    """Return Parkinson's (1980) volatility of one bar, from the ranges of the last `bars`."""
    return ((HIGH / LOW).log() ** 2).rolling_mean(bars).clip(lower_bound=0.0).sqrt() / math.sqrt(4 * math.log(2))


def channel(bars: int) -> pl.Expr:
    """Return the place of the close in the Donchian channel of `bars`: 0 at the low, 1 at the high, 0.5 in no range."""
    low, high = talib.lowest(LOW, bars), talib.highest(HIGH, bars)
    return pl.when(high > low).then((CLOSE - low) / (high - low)).when(high == low).then(0.5)


def of_range(part: pl.Expr) -> pl.Expr:
    """Return `part` as a share of the bar's range; a bar without range has no parts."""
    return pl.when(HIGH > LOW).then(part / (HIGH - LOW)).otherwise(0.0)


def volatility(suffix: str = "") -> list[pl.Expr]:
    """Return the volatility and candle shape features of the base timeframe, each named with `suffix`."""
    body_top, body_bottom = pl.max_horizontal("open", "close"), pl.min_horizontal("open", "close")
    return [
        realised(24).alias(f"volatility_24{suffix}"),
        (realised(6) / realised(48)).alias(f"volatility_ratio_6_48{suffix}"),
        average_range(14).alias(f"atr_14_pct{suffix}"),
        parkinson(24).alias(f"parkinson_24{suffix}"),
        # %b of bands two deviations wide, and the width of those bands.
        (z_score(CLOSE.log(), 20) / 4 + 0.5).alias(f"bollinger_b_20{suffix}"),
        (CLOSE.log().rolling_std(20) * 4).alias(f"bollinger_width_20{suffix}"),
        channel(24).alias(f"donchian_24{suffix}"),
        ((HIGH - LOW) / talib.atr(14)).alias(f"range_14{suffix}"),
        of_range(CLOSE - OPEN).alias(f"body{suffix}"),
        of_range(HIGH - body_top).alias(f"upper_wick{suffix}"),
        of_range(body_bottom - LOW).alias(f"lower_wick{suffix}"),
    ]


def higher_volatility(suffix: str) -> list[pl.Expr]:
    """Return the volatility features of a higher timeframe."""
    return [
        average_range(14).alias(f"atr_14_pct{suffix}"),
        channel(12).alias(f"donchian_12{suffix}"),
    ]
