"""The last bar: one that was still open when it was written is no history."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample, off_grid
from trading.timeframe import Timeframe


def find(sample: Sample) -> list[Finding]:
    """Return the newest row where it is marked unfinished, ends after the time it was served, or ends off the grid."""
    if sample.timeframe is None:
        return []
    last = sample.rows.filter(pl.col("ts").is_not_null()).sort("ts").tail(1)
    if last.is_empty():
        return []
    why = _why(sample, sample.timeframe, last)
    return [] if why is None else found("partial last bar", last, why)


def _why(sample: Sample, timeframe: Timeframe, last: pl.DataFrame) -> str | None:
    if "confirmed" in last.columns and last["confirmed"][0] is False:
        return "its source marks it as not finished"
    if sample.now is not None and last["ts"][0] + timeframe.delta > sample.now:
        return f"it ends after {sample.now:%Y-%m-%d %H:%M:%S}, when it was served"
    off = pl.DataFrame({"ts": sample.slots.drop_nulls()}).sort("ts").select(off_grid(timeframe)).to_series()
    if len(off) > 2 and off[-1] != off[-2] and int((off[:-1] == off[-2]).sum()) > 0.9 * (len(off) - 1):
        return "it alone does not open on the grid of the others: a snapshot of an open bar"
    return None
