"""The truncation test: what is computed on history cut at t must equal what the full history gives up to t."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True)
class Leak:
    """A value that later data changed, or a row that only one of the two computations has (column `ts`)."""

    cut: datetime
    column: str
    rows: int
    first_symbol: str
    first_ts: datetime


def leaks(
    compute: Callable[[pl.DataFrame], pl.DataFrame],
    panel: pl.DataFrame,
    cuts: Iterable[datetime],
    tolerance: float = 0.0,
) -> list[Leak]:
    """Return every column of `compute(panel)` that changes at or before a cut when the rows after it are taken away.

    Args:
        compute: from a panel (or any frame with symbol and ts) to a frame keyed by symbol, ts.
        panel: the full history.
        cuts: open times of the last bar that is kept, one truncation each.
        tolerance: largest absolute difference of numbers that still counts as equal.

    """
    full = compute(panel)
    found: list[Leak] = []
    for cut in cuts:
        kept = full.filter(pl.col("ts") <= cut)
        short = compute(panel.filter(pl.col("ts") <= cut)).filter(pl.col("ts") <= cut)
        # Comparing column by column costs more than most computations; sound ones need it never.
        if not kept.equals(short):
            found += _compare(kept, short, cut, tolerance)
    return found


def _compare(full: pl.DataFrame, cut_short: pl.DataFrame, cut: datetime, tolerance: float) -> list[Leak]:
    key = ["symbol", "ts"]
    joined = full.with_columns(here=True).join(
        cut_short.with_columns(here=True), on=key, how="full", coalesce=True, nulls_equal=True, suffix="|cut"
    )
    alone = joined.filter(pl.col("here").is_null() | pl.col("here|cut").is_null())
    both = joined.filter(pl.col("here") & pl.col("here|cut"))
    found = _leak(cut, "ts", alone)
    for name, kind in full.schema.items():
        if name in key:
            continue
        same = pl.col(name).eq_missing(pl.col(f"{name}|cut"))
        if kind.is_numeric():
            same |= (pl.col(name) - pl.col(f"{name}|cut")).abs() <= tolerance
        found += _leak(cut, name, both.filter(~same.fill_null(value=False)))
    return found


def _leak(cut: datetime, column: str, rows: pl.DataFrame) -> list[Leak]:
    if rows.is_empty():
        return []
    first = rows.sort("ts", "symbol")
    return [Leak(cut, column, rows.height, first.item(0, "symbol"), first.item(0, "ts"))]
