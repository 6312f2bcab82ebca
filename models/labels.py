"""Labels: what forecasts are trained on, each with the time at which it is known."""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.candle import TS
from trading.errors import BadData
from trading.timeframe import Timeframe

LABELS = pl.Schema({"symbol": pl.String, "ts": TS, "t0": TS, "t1": TS, "label": pl.Float64})

Array = NDArray[np.float64]


def forward_return(panel: pl.DataFrame, timeframe: Timeframe, horizon: int) -> pl.DataFrame:
    """Return the log return of the close over the next `horizon` bars for every bar of a panel.

    `t0` is when the bar is known (its close), `t1` when the label is known: t0 + horizon bars. The label is null where
    the panel ends before t1, and where a bar is missing on the way: a return over a hole is another quantity.
    """
    label = (pl.col("close").shift(-horizon).over("symbol") / pl.col("close")).log()
    return _over_horizon(panel.sort("symbol", "ts"), timeframe, horizon, label)


def direction(panel: pl.DataFrame, timeframe: Timeframe, horizon: int) -> pl.DataFrame:
    """Return 1.0 where the close `horizon` bars later is higher, else 0.0; times and nulls as in `forward_return`."""
    label = (pl.col("close").shift(-horizon).over("symbol") > pl.col("close")).cast(pl.Float64)
    return _over_horizon(panel.sort("symbol", "ts"), timeframe, horizon, label)


def volatility(panel: pl.DataFrame, timeframe: Timeframe, horizon: int) -> pl.DataFrame:
    """Return the realised volatility of the next `horizon` bars: root of their mean squared log return, per bar.

    Over one bar it is the size of its return. Times and nulls as in `forward_return`.
    """
    squares = panel.sort("symbol", "ts").with_columns(
        square=(pl.col("close") / pl.col("close").shift(1).over("symbol")).log() ** 2
    )
    mean = pl.col("square").rolling_mean(horizon).shift(-horizon).over("symbol")
    # The running sum of a rolling mean may end a rounding below zero.
    return _over_horizon(squares, timeframe, horizon, mean.clip(lower_bound=0).sqrt())


def triple_barrier(
    panel: pl.DataFrame, known: pl.DataFrame, timeframe: Timeframe, horizon: int, take: float, stop: float
) -> pl.DataFrame:
    """Return which barrier the price met first: 1.0 the upper, -1.0 the lower, 0.0 neither within `horizon` bars.

    The barriers of a bar lie `take` above and `stop` below its close, in deviations of the log return over the horizon,
    as `known` (symbol, ts, volatility_24) tells them at that close. A later bar meets a barrier with its high or low;
    one that meets both counts as the lower, for nobody knows which came first. `t1` is the close of the bar that
    decides. The label is null where the volatility is not known, where a bar is missing before it is decided, and where
    the panel ends undecided. López de Prado, "Advances in Financial Machine Learning" (2018), chapter 3.

    Raises:
        BadData: `take` or `stop` is not above 0, or `horizon` below 1.
    """
    if not (take > 0 and stop > 0 and horizon >= 1):
        raise BadData(f"triple barrier: take {take}, stop {stop} and horizon {horizon} must be above 0")
    scales = known.select("symbol", "ts", scale=pl.col("volatility_24"))
    joined = panel.sort("symbol", "ts").join(scales, on=["symbol", "ts"], how="left", maintain_order="left")
    parts = [pl.DataFrame(schema=LABELS)]
    for bars in joined.partition_by("symbol", maintain_order=True):
        width = bars["scale"].cast(pl.Float64).fill_null(math.nan).to_numpy() * math.sqrt(horizon)
        label, met = _first_met(bars, timeframe, horizon, width * take, width * stop)
        after = pl.Series(met + 1) * timeframe.milliseconds
        parts.append(
            bars.select(
                "symbol",
                "ts",
                t0=pl.col("ts") + timeframe.delta,
                t1=pl.col("ts") + after.cast(pl.Duration("ms")),
                label=pl.Series(label).fill_nan(None),
            ).cast(LABELS)
        )
    return pl.concat(parts)


def training_set(
    features: pl.DataFrame, panel: pl.DataFrame, timeframe: Timeframe, horizon: int, label: str = "return"
) -> pl.DataFrame:
    """Return `features` (symbol, ts, ...) with t0, t1 and label of each row, sorted by symbol, ts.

    `label` is return, direction or volatility.
    """
    labels = {"return": forward_return, "direction": direction, "volatility": volatility}[label]
    told = labels(panel, timeframe, horizon)
    return features.join(told, on=["symbol", "ts"], how="inner", validate="1:1").sort("symbol", "ts")


def _over_horizon(rows: pl.DataFrame, timeframe: Timeframe, horizon: int, label: pl.Expr) -> pl.DataFrame:
    later = pl.col("ts").shift(-horizon).over("symbol")
    whole = later - pl.col("ts") == timeframe.delta * horizon
    return rows.select(
        "symbol",
        "ts",
        t0=pl.col("ts") + timeframe.delta,
        t1=pl.col("ts") + timeframe.delta * (horizon + 1),
        label=pl.when(whole & label.is_finite()).then(label),
    ).cast(LABELS)


def _first_met(
    bars: pl.DataFrame, timeframe: Timeframe, horizon: int, above: Array, below: Array
) -> tuple[Array, NDArray[np.int64]]:
    """Return per bar the label (NaN: none) and after how many bars it was decided (`horizon` where it was not)."""
    close, high, low = (bars[name].to_numpy() for name in ("close", "high", "low"))
    times = bars["ts"].dt.epoch("ms").to_numpy()
    count = len(close)
    label, met = np.full(count, np.nan), np.full(count, horizon, dtype=np.int64)
    open_ = np.flatnonzero(np.isfinite(above) & (above > 0) & (close > 0))
    for step in range(1, horizon + 1):
        open_ = open_[open_ + step < count]
        later = open_ + step
        open_ = open_[times[later] - times[open_] == step * timeframe.milliseconds]
        later = open_ + step
        fell = low[later] <= close[open_] * np.exp(-below[open_])
        rose = high[later] >= close[open_] * np.exp(above[open_])
        decided = fell | rose
        label[open_[decided]] = np.where(fell[decided], -1.0, 1.0)
        met[open_[decided]] = step
        open_ = open_[~decided]
    label[open_] = 0.0
    return label, met
