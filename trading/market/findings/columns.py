"""Columns as a whole: those that never change, those that are empty, and volumes that stand under the wrong name."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample

_FEWEST_ROWS = 10
#: Base volume times close is quote volume, within this (log): a bar's average price is not its close.
_NEAR = 0.5
#: Below this distance from one (log) a price cannot tell the two volumes apart.
_TELLING_PRICE = 1.5


def constant(sample: Sample) -> list[Finding]:
    """Return the columns that hold one and the same number in every row; the count is of the columns."""
    if sample.rows.height < _FEWEST_ROWS:
        return []
    same = [n for n in sample.values if sample.rows[n].null_count() == 0 and sample.rows[n].n_unique() == 1]
    if not same:
        return []
    detail = ", ".join(f"{name} is always {sample.rows[name][0]:g}" for name in same)
    if {"high", "low", "close"} <= set(same) and "open" not in same:
        detail += "; only open is filled, as in files of funding rates"
    return found("constant column", sample.rows, detail, len(same))


def empty(sample: Sample) -> list[Finding]:
    """Return the columns without a single value; the count is of the columns."""
    none = [
        n
        for n in sample.rows.columns
        if n not in ("text_ts", "side") and sample.rows[n].null_count() == sample.rows.height
    ]
    if not none or sample.rows.is_empty():
        return []
    return found("empty column", sample.rows, f"nothing in {', '.join(none)}", len(none))


def swapped_volumes(sample: Sample) -> list[Finding]:
    """Return the rows whose base volume is the quote volume and the other way round."""
    if not {"close", "volume", "quote_volume"} <= set(sample.values):
        return []
    rows = swapped(sample.rows)
    return found("volumes swapped", sample.rows.filter(rows), "base and quote volume stand in each other's column")


def swapped(rows: pl.DataFrame) -> pl.Series:
    """Return where `volume` and `quote_volume` fit the close only the other way round."""
    ratio = pl.col("quote_volume").log() - pl.col("volume").log()
    price = pl.col("close").log()
    told = (price.abs() > _TELLING_PRICE) & (pl.col("volume") > 0) & (pl.col("quote_volume") > 0)
    return rows.select((told & ((ratio + price).abs() < _NEAR)).fill_null(value=False)).to_series()
