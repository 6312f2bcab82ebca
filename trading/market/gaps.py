"""Gaps: the bars that are missing between the first and the last bar of each symbol."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import polars as pl

from trading.candle import TS
from trading.market.finding import Finding
from trading.timeframe import Timeframe

#: A hole among so many newest bars closes the gate: a bar of the highest timeframe would be made of fewer than it says.
RECENT_BARS = 24

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


def recent_gap(opened: Sequence[datetime], timeframe: Timeframe, last_open: datetime) -> list[Finding]:
    """Return the blocking finding that holes among the newest bars of one symbol make, if any.

    `opened` holds their open times, oldest first, on from the last bar before them, however old that is; `last_open` is
    the newest bar that is due.
    """
    since, delta = last_open - (RECENT_BARS - 1) * timeframe.delta, timeframe.delta
    holes = [(one + delta, other) for one, other in pairwise(opened) if other > since and other - one > delta]
    if not holes:
        return []
    first = max(holes[0][0], since)
    missing = sum((end - start) // delta for start, end in holes)
    # It speaks against the newest bar for as long as it is among those that this bar's features rest on.
    return [Finding("gap", True, missing, first, last_open, f"{missing} bars missing from {first.isoformat()} on")]


def stale(newest: datetime | None, last_open: datetime) -> list[Finding]:
    """Return the blocking finding that a `newest` bar older than the one due at `last_open` makes, if it is."""
    if newest is not None and newest >= last_open:
        return []
    return [Finding("stale", True, 1, newest, last_open, f"newest bar is {newest}, {last_open} was due")]
