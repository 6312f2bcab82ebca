"""Funding rates: numbers that are there and small."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample

#: Venues cap a rate of eight hours at a few percent.
ABSURD_RATE = 0.5


def find(sample: Sample) -> list[Finding]:
    """Return the rates that are missing or beyond what any venue charges."""
    rate = pl.col("rate")
    missing = pl.col("ts").is_null() | rate.is_null() | ~rate.is_finite()
    return [
        *found("null", sample.rows.filter(missing.fill_null(value=True)), "no rate or no time", blocking=True),
        *found("absurd value", sample.rows.filter(rate.abs() > ABSURD_RATE), "rates beyond 50 %", blocking=True),
    ]
