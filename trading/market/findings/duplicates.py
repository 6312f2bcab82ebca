"""Several rows for one time: equal ones are kept once, conflicting ones cannot be told apart."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample


def equal(sample: Sample) -> list[Finding]:
    """Return the rows that say again what another row of the same time says; the count is of the rows too many."""
    again = _parted(sample).filter(~pl.col("first"))
    return found("duplicate", again, "equal rows, kept once")


def conflicting(sample: Sample) -> list[Finding]:
    """Return the times that have rows of different content; the count is of the times."""
    several = _parted(sample).filter("first").filter(pl.col("ts").is_duplicated())
    times = several.unique("ts")
    return found("conflicting duplicate", times, f"{several.height} different rows for these times", blocking=True)


def _parted(sample: Sample) -> pl.DataFrame:
    """Return the slot of each row, and whether it is the first that has this content there."""
    rows = sample.rows.select("ts", *sample.values).with_columns(ts=sample.slots).filter(pl.col("ts").is_not_null())
    return rows.select("ts", first=pl.struct(pl.all()).is_first_distinct())
