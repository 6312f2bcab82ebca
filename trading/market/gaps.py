"""Gaps: the bars that are missing between the first and the last bar of each symbol."""

import polars as pl

from trading.candle import TS
from trading.timeframe import Timeframe

GAPS = pl.Schema({"symbol": pl.String, "start": TS, "end": TS, "bars": pl.Int64})


def gaps(panel: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return the gaps of a panel as half-open intervals: symbol, start (first missing open time), end, bars missing."""
    following = pl.col("ts").shift(-1).over("symbol")
    return (
        panel.sort("symbol", "ts")
        .select("symbol", start=pl.col("ts") + timeframe.delta, end=following)
        .filter(pl.col("end") > pl.col("start"))
        .with_columns(bars=(pl.col("end") - pl.col("start")).dt.total_seconds() // timeframe.seconds)
        .cast(GAPS)
    )
