"""The rows of one series as they were meant: on their grid, volumes in their own columns, open bars left out."""

import polars as pl

from adapters.history.series import Series
from trading.market.findings.columns import swapped


def prepared(part: Series) -> tuple[pl.DataFrame, list[str], int]:
    """Return the rows with values as they were read, what was put right, and how many bars were open when written."""
    sample, decisions = part.sample(), list[str]()
    rows = part.rows.with_columns(ts=sample.slots)
    moved = int((sample.slots != sample.rows["ts"]).sum())
    if moved:
        decisions.append(f"{moved} stamps moved onto the grid of {part.timeframe}: jitter of milliseconds")
    if {"volume", "quote_volume"} <= set(rows.columns):
        wrong = swapped(sample.rows)
        if bool(wrong.any()):
            decisions.append(f"{wrong.sum()} rows had base and quote volume in each other's column: put right")
            pair = [("volume", "quote_volume"), ("quote_volume", "volume")]
            rows = rows.with_columns(pl.when(wrong).then(pl.col(b)).otherwise(pl.col(a)).alias(a) for a, b in pair)
    before = rows.height
    if "confirmed" in rows.columns:
        rows = rows.filter(pl.col("confirmed").fill_null(value=True))
    if part.served is not None and part.timeframe is not None:
        late = pl.col("ts") + part.timeframe.delta > part.served
        rows = rows.filter(~late.fill_null(value=False))
    return rows, decisions, before - rows.height
