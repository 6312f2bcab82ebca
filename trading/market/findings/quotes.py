"""Bars of quotes: a best bid and a best ask that are there, positive and not crossed."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.row_rules import PRICES
from trading.market.findings.sample import Sample

SIDES = ("bid", "ask")


def find(sample: Sample) -> list[Finding]:
    """Return the quotes that are missing, not positive, out of their range, or crossed."""
    prices = [pl.col(f"{side}_{name}") for side in SIDES for name in PRICES]
    outside = pl.any_horizontal(
        pl.any_horizontal(
            pl.max_horizontal(f"{side}_open", f"{side}_close") > pl.col(f"{side}_high"),
            pl.min_horizontal(f"{side}_open", f"{side}_close") < pl.col(f"{side}_low"),
        )
        for side in SIDES
    )
    checks = (
        ("null", pl.any_horizontal(price.is_null() for price in prices), True),
        ("price not positive", pl.min_horizontal(prices) <= 0, True),
        ("open or close outside range", outside, True),
        ("crossed quotes", pl.col("bid_close") > pl.col("ask_close"), False),
    )
    return [
        finding
        for name, failed, blocking in checks
        for finding in found(name, sample.rows.filter(failed.fill_null(value=False)), "quotes", blocking=blocking)
    ]
