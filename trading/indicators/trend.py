"""Trend features of the bars of one symbol: returns, distances from averages, slopes, directional movement."""

import polars as pl

from trading.indicators import talib

CLOSE = pl.col("close")


def log_return(bars: int) -> pl.Expr:
    """Return the log return of the close over `bars` rows."""
    return (CLOSE / CLOSE.shift(bars)).log()


def average_gap(bars: int) -> pl.Expr:
    """Return the distance of the close from its EMA over `bars`, in units of ATR(14)."""
    return (CLOSE - talib.ema(CLOSE, bars)) / talib.atr(14)


def slope(bars: int) -> pl.Expr:
    """Return the least squares slope of the log close over `bars`, per bar."""
    return talib.slope(CLOSE.log(), bars)


def efficiency(bars: int) -> pl.Expr:
    """Return the signed efficiency ratio, -1..1: the net log move over `bars` divided by the length of its path."""
    path = log_return(1).abs().rolling_sum(bars)
    return pl.when(path > 1e-9).then(log_return(bars) / path).when(path.is_not_null()).then(0.0)


def trend(suffix: str = "") -> list[pl.Expr]:
    """Return the trend features of the base timeframe, each named with `suffix`."""
    return [
        log_return(1).alias(f"return_1{suffix}"),
        log_return(4).alias(f"return_4{suffix}"),
        log_return(24).alias(f"return_24{suffix}"),
        average_gap(12).alias(f"ema_gap_12{suffix}"),
        average_gap(48).alias(f"ema_gap_48{suffix}"),
        (talib.macd_histogram() / talib.atr(14)).alias(f"macd_histogram{suffix}"),
        slope(24).alias(f"trend_slope_24{suffix}"),
        efficiency(24).alias(f"efficiency_24{suffix}"),
        talib.adx(14).alias(f"adx_14{suffix}"),
        talib.directional(14).alias(f"directional_14{suffix}"),
        talib.aroon(25).alias(f"aroon_25{suffix}"),
    ]


def higher_trend(suffix: str) -> list[pl.Expr]:
    """Return the trend features of a higher timeframe; short windows, for one bar there is many below."""
    return [
        log_return(1).alias(f"return_1{suffix}"),
        log_return(6).alias(f"return_6{suffix}"),
        average_gap(12).alias(f"ema_gap_12{suffix}"),
        slope(12).alias(f"trend_slope_12{suffix}"),
    ]
