"""The order of the rows: oldest first, newest first, or mixed."""

import polars as pl

from trading.market.finding import Finding, found


def find(rows: pl.DataFrame) -> list[Finding]:
    """Return `descending` for rows (column ts) that run backwards throughout, `out of order` for some that do."""
    times = rows.filter(pl.col("ts").is_not_null())
    late = times.filter(pl.col("ts") < pl.col("ts").cum_max())
    if is_descending(times["ts"]):
        return found("descending", times, "newest first; sorted")
    return found("out of order", late, "rows older than one before them; sorted")


def is_descending(times: pl.Series) -> bool:
    """Return whether times never rise and do fall."""
    steps = times.diff().drop_nulls().dt.total_microseconds()
    return bool((steps <= 0).all()) and bool((steps < 0).any())
