"""Labels: the forward return that a forecast is trained on, with the time at which each is known."""

import polars as pl

from trading.candle import TS
from trading.timeframe import Timeframe

LABELS = pl.Schema({"symbol": pl.String, "ts": TS, "t0": TS, "t1": TS, "label": pl.Float64})


def forward_return(panel: pl.DataFrame, timeframe: Timeframe, horizon: int) -> pl.DataFrame:
    """Return the log return of the close over the next `horizon` bars for every bar of a panel.

    `t0` is when the bar is known (its close), `t1` when the label is known: t0 + horizon bars. The label is null where
    the panel ends before t1, and where a bar is missing on the way: a return over a hole is another quantity.
    """
    later = pl.col("ts").shift(-horizon).over("symbol")
    whole = later - pl.col("ts") == timeframe.delta * horizon
    label = (pl.col("close").shift(-horizon).over("symbol") / pl.col("close")).log()
    return (
        panel.sort("symbol", "ts")
        .select(
            "symbol",
            "ts",
            t0=pl.col("ts") + timeframe.delta,
            t1=pl.col("ts") + timeframe.delta * (horizon + 1),
            label=pl.when(whole & label.is_finite()).then(label),
        )
        .cast(LABELS)
    )


def training_set(features: pl.DataFrame, panel: pl.DataFrame, timeframe: Timeframe, horizon: int) -> pl.DataFrame:
    """Return `features` (symbol, ts, ...) with t0, t1 and label of each row, sorted by symbol, ts."""
    labels = forward_return(panel, timeframe, horizon)
    return features.join(labels, on=["symbol", "ts"], how="inner", validate="1:1").sort("symbol", "ts")
