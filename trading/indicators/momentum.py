"""Momentum features of the bars of one symbol: oscillators and z-scores of price and return."""

import polars as pl

from trading.indicators import talib

CLOSE = pl.col("close")


def z_score(value: pl.Expr, bars: int) -> pl.Expr:
    """Return how many standard deviations `value` lies from its mean over `bars` rows; 0 where all are equal."""
    deviation = value.rolling_std(bars)
    # A rolling variance leaves rounding dust where the window is constant; dust is no scale.
    score = pl.when(deviation > 1e-9).then((value - value.rolling_mean(bars)) / deviation).otherwise(0.0)
    return pl.when(deviation.is_not_null()).then(score)


def momentum(suffix: str = "") -> list[pl.Expr]:
    """Return the momentum features of the base timeframe, each named with `suffix`."""
    return [
        talib.rsi(14).alias(f"rsi_14{suffix}"),
        talib.stochastic(14).alias(f"stochastic_14{suffix}"),
        talib.cci(20).alias(f"cci_20{suffix}"),
        talib.ultimate_oscillator().alias(f"ultimate_oscillator{suffix}"),
        z_score(CLOSE.log(), 24).alias(f"close_z_24{suffix}"),
        z_score(CLOSE.log(), 72).alias(f"close_z_72{suffix}"),
        z_score((CLOSE / CLOSE.shift(1)).log(), 24).alias(f"return_z_24{suffix}"),
    ]


def higher_momentum(suffix: str) -> list[pl.Expr]:
    """Return the momentum features of a higher timeframe."""
    return [
        talib.rsi(14).alias(f"rsi_14{suffix}"),
        z_score(CLOSE.log(), 12).alias(f"close_z_12{suffix}"),
    ]
