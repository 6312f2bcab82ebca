"""Resampling of bars to a higher timeframe, together with the time at which each becomes knowable."""

import numpy as np
import polars as pl

from trading.candle import PANEL, TS
from trading.timeframe import EPOCH, Timeframe

RESAMPLED = pl.Schema({**PANEL, "closed_at": TS})


def resample(panel: pl.DataFrame, timeframe: Timeframe, factor: int) -> pl.DataFrame:
    """Return the bars of `panel` on the timeframe `factor` times as long, on its UTC grid, sorted by symbol, ts.

    `closed_at` is when a bar is knowable: its own close, whether or not its last base bars are missing. A last bar that
    the panel does not reach the close of is left out. Symbols are resampled each by itself.
    """
    higher = timeframe.times(factor)
    origin = higher.open_of(EPOCH)
    offset = ((pl.col("ts") - origin).dt.total_microseconds() % (higher.seconds * 1_000_000)).cast(pl.Duration("us"))
    bars = panel.sort("symbol", "ts").with_columns(
        slot=pl.col("ts") - offset, reached=pl.col("ts").max().over("symbol") + timeframe.delta
    )
    merged = bars.group_by("symbol", "slot", maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(),
        pl.col("reached").first(),
        pl.len(),
    )
    return (
        merged.with_columns(volume=sums(bars["volume"], merged["len"]), closed_at=pl.col("slot") + higher.delta)
        .filter(pl.col("closed_at") <= pl.col("reached"))
        .rename({"slot": "ts"})
        .cast({"ts": TS, "closed_at": TS})
        .select(list(RESAMPLED))
    )


def sums(values: pl.Series, lengths: pl.Series) -> pl.Series:
    """Return the sums of consecutive groups of `values`, each added up in its own order.

    Threads that share a group would add in an order of their own, and the same bars would differ in their last digit.
    """
    if lengths.is_empty():
        return values.clear()
    starts = (lengths.cum_sum() - lengths).to_numpy()
    return pl.Series(np.add.reduceat(values.to_numpy(), starts))
