"""The technical features of a panel: three timeframes, scale free, each value known at the close of its base bar.

The higher timeframes are FACTORS times the base for every base (1h: 4h and 1d; 5m: 20m and 2h; 1m: 4m and 24m; 1d: 4d
and 24d), so that a column means the same number of bars everywhere and its name never depends on the base. A higher bar
is visible from the base bar on whose close is at or after the close of the higher one.
"""

import math

import polars as pl

from trading.candle import TS
from trading.indicators.momentum import higher_momentum, momentum
from trading.indicators.reversion import reversion
from trading.indicators.trend import higher_trend, trend
from trading.indicators.volatility import higher_volatility, volatility
from trading.indicators.volume import higher_volume, volume
from trading.market.resample import resample
from trading.timeframe import Timeframe

FACTORS = (4, 24)

#: Base bars of a symbol without gaps until all FEATURES have a value: 15 bars of the highest timeframe and its start.
WARM_UP = 24 * 16

_CALENDAR = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")


def technical_features(panel: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return symbol, ts and the columns STORED (float64) for every row of `panel`, sorted by symbol, ts.

    A value that is not defined (warm-up, a window without any move or volume) is null; NaN and infinity never appear.
    Recursive indicators start at the first row of each symbol: feed the history from a fixed origin. Gaps are stepped
    over: the bars on both sides of one count as neighbours.
    """
    parts = [_of_one_symbol(bars, timeframe) for bars in panel.partition_by("symbol", maintain_order=True)]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _of_one_symbol(bars: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    closed_at = pl.col("ts") + timeframe.delta
    features = bars.select("symbol", "ts", *_base(), *reversion(), *_calendar(closed_at), closed_at=closed_at)
    for factor in FACTORS:
        higher = resample(bars, timeframe, factor).select("closed_at", *_higher(factor))
        features = features.join_asof(higher, on="closed_at", strategy="backward")
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in STORED]
    return features.select(pl.col("symbol").cast(pl.String), pl.col("ts").cast(TS), *finite)


def _base() -> list[pl.Expr]:
    return [*trend(), *momentum(), *volatility(), *volume()]


def _higher(factor: int) -> list[pl.Expr]:
    suffix = f"_x{factor}"
    return [*higher_trend(suffix), *higher_momentum(suffix), *higher_volatility(suffix), *higher_volume(suffix)]


def _calendar(closed_at: pl.Expr) -> list[pl.Expr]:
    """Return hour of day and day of week of the close as points on circles, so that 23:59 lies beside 00:00."""
    seconds = closed_at.dt.epoch("s")
    hour = (seconds % 86400) * (2 * math.pi / 86400)
    weekday = (seconds % 604800) * (2 * math.pi / 604800)
    return [
        expression.alias(name)
        for name, expression in zip(_CALENDAR, (hour.sin(), hour.cos(), weekday.sin(), weekday.cos()), strict=True)
    ]


def _names(expressions: list[pl.Expr]) -> tuple[str, ...]:
    return tuple(expression.meta.output_name() for expression in expressions)


#: What models learn from: complete in every living market, once warm.
FEATURES: tuple[str, ...] = (*_names(_base()), *_CALENDAR, *(name for f in FACTORS for name in _names(_higher(f))))

#: All of them: those that strategies alone read are null wherever a market has no such thing as a half-life.
STORED: tuple[str, ...] = (*FEATURES, *_names(reversion()))

SCHEMA = pl.Schema({"symbol": pl.String, "ts": TS, **dict.fromkeys(STORED, pl.Float64)})
