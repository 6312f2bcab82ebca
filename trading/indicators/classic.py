"""The indicators of TA-Lib by their usual names and parameters, in units of price and volume where they have one.

Seeding is TA-Lib's: an EMA begins with the simple average of its first window, Wilder's averages (RSI, ATR, ADX, DI)
with the plain sum of theirs, without the first bar, which has no bar before it; the bands divide by n.
"""

import polars as pl

from trading.candle import TS
from trading.indicators import talib

CLOSE = talib.CLOSE


def _averages() -> dict[str, pl.Expr]:
    return {
        "sma_20": talib.sma(CLOSE, 20),
        "ema_20": talib.ema(CLOSE, 20),
        "wma_20": talib.wma(CLOSE, 20),
        "dema_20": talib.dema(CLOSE, 20),
        "tema_20": talib.tema(CLOSE, 20),
        "kama_30": talib.kama(CLOSE, 30),
        "sar_02_2": talib.parabolic_sar(0.02, 0.2),
        "bb_upper": talib.bollinger(20, "upperband"),
        "bb_mid": talib.bollinger(20, "middleband"),
        "bb_lower": talib.bollinger(20, "lowerband"),
        "linearreg_slope_14": talib.slope(CLOSE, 14),
    }


def _oscillators() -> dict[str, pl.Expr]:
    return {
        "rsi_14": talib.rsi(14),
        "mom_10": talib.momentum(10),
        "roc_10": talib.rate_of_change(10),
        "trix_30": talib.trix(30),
        "cmo_14": talib.chande_momentum(14),
        "cci_20": talib.cci(20),
        "willr_14": talib.williams_r(14),
        "ultosc_7_14_28": talib.ultimate_oscillator(),
        "bop": talib.balance_of_power(),
        "macd": talib.macd("macd"),
        "macd_signal": talib.macd("macdsignal"),
        "macd_hist": talib.macd("macdhist"),
        "stoch_k": talib.stochastic(14),
        "stoch_d": talib.stochastic(14, part="slowd"),
    }


def _movement() -> dict[str, pl.Expr]:
    return {
        "atr_14": talib.atr(14),
        "natr_14": talib.normalised_atr(14),
        "trange": talib.true_range(),
        "stddev_20": talib.deviation(CLOSE, 20),
        "adx_14": talib.adx(14),
        "plus_di_14": talib.plus_di(14),
        "minus_di_14": talib.minus_di(14),
        "aroon_down": talib.aroon_since(25, "aroondown"),
        "aroon_up": talib.aroon_since(25, "aroonup"),
    }


def _volumes() -> dict[str, pl.Expr]:
    return {
        "mfi_14": talib.mfi(14),
        "obv": talib.on_balance_volume(),
        "ad": talib.accumulation(),
        "adosc_3_10": talib.chaikin_oscillator(3, 10),
    }


def classic() -> dict[str, pl.Expr]:
    """Return each indicator of the bars of one symbol by its name; in its warm-up it is NaN."""
    return {**_averages(), **_oscillators(), **_movement(), **_volumes()}


CLASSIC: tuple[str, ...] = tuple(classic())

#: Bars of a symbol until every indicator has a value: those of trix_30.
WARM_UP = 88

SCHEMA = pl.Schema({"symbol": pl.String, "ts": TS, **dict.fromkeys(CLASSIC, pl.Float64)})


def classic_indicators(panel: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts and the columns CLASSIC (float64) for every row of `panel`, sorted by symbol, ts.

    Prices and averages are in quote currency, volumes in base currency, the rest as their functions in `talib` say.
    Null in the warm-up and where not finite. obv and ad count from the first row: feed the history from a fixed origin.
    """
    parts = [_of_one_symbol(bars) for bars in panel.partition_by("symbol", maintain_order=True)]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _of_one_symbol(bars: pl.DataFrame) -> pl.DataFrame:
    finite = [pl.when(value.is_finite()).then(value).alias(name) for name, value in classic().items()]
    return bars.select(pl.col("symbol").cast(pl.String), pl.col("ts").cast(TS), *finite)
