"""Bars of quotes: a best bid and a best ask that are there, positive and not crossed."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.row_rules import PRICES
from trading.market.findings.sample import Sample

SIDES = ("bid", "ask")


def rules() -> list[tuple[str, pl.Expr]]:
    """Return each rule's name and the expression that is true where a bar of quotes breaks it."""
    prices = [pl.col(f"{side}_{name}") for side in SIDES for name in PRICES]
    outside = pl.any_horizontal(
        pl.any_horizontal(
            pl.max_horizontal(f"{side}_open", f"{side}_close") > pl.col(f"{side}_high"),
            pl.min_horizontal(f"{side}_open", f"{side}_close") < pl.col(f"{side}_low"),
        )
        for side in SIDES
    )
    return [
        ("null", pl.any_horizontal(price.is_null() for price in prices)),
        ("not finite", pl.any_horizontal(~price.is_finite() for price in prices)),
        ("price not positive", pl.min_horizontal(prices) <= 0),
        ("open or close outside range", outside),
    ]


def find(sample: Sample) -> list[Finding]:
    """Return the quotes that are missing, not positive, out of their range (these block), or crossed."""
    crossed = sample.rows.filter((pl.col("bid_close") > pl.col("ask_close")).fill_null(value=False))
    return [
        *(
            finding
            for name, failed in rules()
            for finding in found(name, sample.rows.filter(failed.fill_null(value=False)), "quotes", blocking=True)
        ),
        *found("crossed quotes", crossed, "bars that close with the bid above the ask"),
    ]
