"""Funding rates: numbers that are there and small."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample

#: Venues cap a rate of eight hours at a few percent.
ABSURD_RATE = 0.5


def rules() -> list[tuple[str, pl.Expr]]:
    """Return each rule's name and the expression that is true where a rate breaks it."""
    rate = pl.col("rate")
    missing = pl.col("ts").is_null() | rate.is_null() | ~rate.is_finite()
    return [
        ("null", missing.fill_null(value=True)),
        ("absurd value", rate.abs() > ABSURD_RATE),
    ]


def find(sample: Sample) -> list[Finding]:
    """Return the rates that are missing or beyond what any venue charges."""
    return [
        finding
        for name, failed in rules()
        for finding in found(name, sample.rows.filter(failed.fill_null(value=False)), "rates", blocking=True)
    ]
