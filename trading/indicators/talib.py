"""The TA-Lib functions in use, typed: the one place that knows polars-talib."""
# polars-talib annotates its arguments with types that are only partly known.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import polars as pl
import polars_talib

OPEN, HIGH, LOW = pl.col("open"), pl.col("high"), pl.col("low")
CLOSE, VOLUME = pl.col("close"), pl.col("volume")


def sma(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the simple moving average."""
    return polars_talib.sma(value, bars)


def wma(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the linearly weighted moving average; the newest value weighs `bars` times as much as the oldest."""
    return polars_talib.wma(value, bars)


def dema(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the double exponential moving average: twice the EMA less the EMA of the EMA."""
    return polars_talib.dema(value, bars)


def tema(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the triple exponential moving average."""
    return polars_talib.tema(value, bars)


def kama(value: pl.Expr, bars: int) -> pl.Expr:
    """Return Kaufman's adaptive moving average: slow where prices go to and fro, quick where they go one way."""
    return polars_talib.kama(value, bars)


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


def deviation(value: pl.Expr, bars: int) -> pl.Expr:
    """Return the standard deviation of the last `bars` values, divided by their number (not one less)."""
    return polars_talib.stddev(value, bars, 1)


def bollinger(bars: int, part: str) -> pl.Expr:
    """Return the `part` (upperband, middleband, lowerband) of bands two deviations about the simple average."""
    return polars_talib.bbands(CLOSE, bars, 2.0, 2.0, 0).struct.field(part)


def macd(part: str) -> pl.Expr:
    """Return the `part` (macd, macdsignal, macdhist) of MACD(12, 26, 9), in units of price."""
    return polars_talib.macd(CLOSE, 12, 26, 9).struct.field(part)


def macd_histogram() -> pl.Expr:
    """Return MACD(12, 26) less its signal line (9), in units of price."""
    return macd("macdhist")


def momentum(bars: int) -> pl.Expr:
    """Return the change of the close over `bars`, in units of price."""
    return polars_talib.mom(CLOSE, bars)


def rate_of_change(bars: int) -> pl.Expr:
    """Return the change of the close over `bars`, in percent."""
    return polars_talib.roc(CLOSE, bars)


def trix(bars: int) -> pl.Expr:
    """Return the one-bar change of the triple smoothed close, in percent."""
    return polars_talib.trix(CLOSE, bars)


def chande_momentum(bars: int) -> pl.Expr:
    """Return Chande's momentum oscillator in Wilder's smoothing, -100..100."""
    return polars_talib.cmo(CLOSE, bars)


def parabolic_sar(step: float, most: float) -> pl.Expr:
    """Return Wilder's parabolic stop and reverse, in units of price."""
    return polars_talib.sar(HIGH, LOW, step, most)


def adx(bars: int) -> pl.Expr:
    """Return the average directional index, 0..100."""
    return polars_talib.adx(HIGH, LOW, CLOSE, bars)


def plus_di(bars: int) -> pl.Expr:
    """Return the directional indicator of rises, 0..100."""
    return polars_talib.plus_di(HIGH, LOW, CLOSE, bars)


def minus_di(bars: int) -> pl.Expr:
    """Return the directional indicator of falls, 0..100."""
    return polars_talib.minus_di(HIGH, LOW, CLOSE, bars)


def directional(bars: int) -> pl.Expr:
    """Return +DI less -DI, -100..100."""
    return plus_di(bars) - minus_di(bars)


def aroon(bars: int) -> pl.Expr:
    """Return the Aroon oscillator, -100..100."""
    return polars_talib.aroonosc(HIGH, LOW, bars)


def aroon_since(bars: int, part: str) -> pl.Expr:
    """Return Aroon's `part` (aroonup: since the highest high, aroondown: since the lowest low), 0..100."""
    return polars_talib.aroon(HIGH, LOW, bars).struct.field(part)


def rsi(bars: int) -> pl.Expr:
    """Return Wilder's relative strength index, 0..100."""
    return polars_talib.rsi(CLOSE, bars)


def stochastic(bars: int, smoothing: int = 3, part: str = "slowk") -> pl.Expr:
    """Return the `part` (slowk, or slowd: its average over 3) of the stochastic of `bars`, 0..100."""
    return polars_talib.stoch(HIGH, LOW, CLOSE, bars, smoothing, 0, 3, 0).struct.field(part)


def williams_r(bars: int) -> pl.Expr:
    """Return Williams' %R, -100..0."""
    return polars_talib.willr(HIGH, LOW, CLOSE, bars)


def balance_of_power() -> pl.Expr:
    """Return (close - open) / (high - low) of the bar, -1..1; 0 for a bar without range."""
    return polars_talib.bop(OPEN, HIGH, LOW, CLOSE)


def cci(bars: int) -> pl.Expr:
    """Return the commodity channel index."""
    return polars_talib.cci(HIGH, LOW, CLOSE, bars)


def ultimate_oscillator() -> pl.Expr:
    """Return the ultimate oscillator over 7, 14 and 28 bars, 0..100."""
    return polars_talib.ultosc(HIGH, LOW, CLOSE, 7, 14, 28)


def atr(bars: int) -> pl.Expr:
    """Return Wilder's average true range, in units of price."""
    return polars_talib.atr(HIGH, LOW, CLOSE, bars)


def normalised_atr(bars: int) -> pl.Expr:
    """Return Wilder's average true range, in percent of the close."""
    return polars_talib.natr(HIGH, LOW, CLOSE, bars)


def true_range() -> pl.Expr:
    """Return the true range of the bar, in units of price."""
    return polars_talib.trange(HIGH, LOW, CLOSE)


def on_balance_volume() -> pl.Expr:
    """Return the volume of rising less that of falling bars since the first row, which counts as rising."""
    return polars_talib.obv(CLOSE, VOLUME)


def accumulation() -> pl.Expr:
    """Return Chaikin's accumulation and distribution line since the first row, in base currency."""
    return polars_talib.ad(HIGH, LOW, CLOSE, VOLUME)


def chaikin_oscillator(fast: int, slow: int) -> pl.Expr:
    """Return the EMA over `fast` less that over `slow` bars of the accumulation line, in base currency."""
    return polars_talib.adosc(HIGH, LOW, CLOSE, VOLUME, fast, slow)


def mfi(bars: int) -> pl.Expr:
    """Return the money flow index, 0..100."""
    return polars_talib.mfi(HIGH, LOW, CLOSE, VOLUME, bars)


def pattern(name: str) -> pl.Expr:
    """Return TA-Lib's answer about the candlestick pattern `name` (such as cdlengulfing): 0, or +-80, +-100, +-200."""
    return getattr(polars_talib, name)(OPEN, HIGH, LOW, CLOSE)
