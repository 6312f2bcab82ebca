"""The TA-Lib functions in use, typed: the one place that knows polars-talib."""
# polars-talib annotates its arguments with types that are only partly known.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import polars as pl
import polars_talib

HIGH, LOW, CLOSE, VOLUME = pl.col("high"), pl.col("low"), pl.col("close"), pl.col("volume")


def ema(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the exponential moving average."""
    return polars_talib.ema(value, bars)


def slope(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the slope per row of the least squares line through the last `bars` values."""
    return polars_talib.linearreg_slope(value, bars)


def highest(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the largest of the last `bars` values; null in the warm-up, for NaN would compare as the largest."""
    return polars_talib.max(value, bars).fill_nan(None)


def lowest(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the smallest of the last `bars` values; null in the warm-up."""
    return polars_talib.min(value, bars).fill_nan(None)


def macd_histogram() -> pl.Expr:
    """Return MACD(12, 26) less its signal line (9), in units of price."""
    return polars_talib.macd(CLOSE, 12, 26, 9).struct.field("macdhist")


def adx(bars: int) -> pl.Expr:
    """Return the average directional index, 0..100."""
    return polars_talib.adx(HIGH, LOW, CLOSE, bars)


def directional(bars: int) -> pl.Expr:
    """Return +DI less -DI, -100..100."""
    return polars_talib.plus_di(HIGH, LOW, CLOSE, bars) - polars_talib.minus_di(HIGH, LOW, CLOSE, bars)


def aroon(bars: int) -> pl.Expr:
    """Return the Aroon oscillator, -100..100."""
    return polars_talib.aroonosc(HIGH, LOW, bars)


def rsi(bars: int) -> pl.Expr:
    """Return Wilder's relative strength index, 0..100."""
    return polars_talib.rsi(CLOSE, bars)


def stochastic(bars: int) -> pl.Expr:
    """Return the slow stochastic %K (smoothed over 3), 0..100."""
    return polars_talib.stoch(HIGH, LOW, CLOSE, bars, 3, 0, 3, 0).struct.field("slowk")


def cci(bars: int) -> pl.Expr:
    """Return the commodity channel index."""
    return polars_talib.cci(HIGH, LOW, CLOSE, bars)


def ultimate_oscillator() -> pl.Expr:
    """Return the ultimate oscillator over 7, 14 and 28 bars, 0..100."""
    return polars_talib.ultosc(HIGH, LOW, CLOSE, 7, 14, 28)


def atr(bars: int) -> pl.Expr:
    """Return Wilder's average true range, in units of price."""
    return polars_talib.atr(HIGH, LOW, CLOSE, bars)


def mfi(bars: int) -> pl.Expr:
    """Return the money flow index, 0..100."""
    return polars_talib.mfi(HIGH, LOW, CLOSE, VOLUME, bars)
