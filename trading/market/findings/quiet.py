"""Bars without a trade: zero volume, and flat bars that only repeat the last close."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample


def zero_volume(sample: Sample) -> list[Finding]:
    """Return the bars with a volume of zero."""
    if "volume" not in sample.values:
        return []
    empty = sample.rows.filter(pl.col("volume") == 0)
    return found("zero volume", empty, f"{empty.height / max(1, sample.rows.height):.1%} of the bars")


def flat_fill(sample: Sample) -> list[Finding]:
    """Return the bars without volume that stand still at the close before them: filled in where nobody traded."""
    if "volume" not in sample.values or "open" not in sample.values:
        return []
    still = pl.all_horizontal(pl.col(name) == pl.col("open") for name in ("high", "low", "close"))
    filled = sample.bars.filter(still & (pl.col("volume") == 0) & (pl.col("open") == pl.col("close").shift(1)))
    return found("flat fill", filled, "bars without volume at the close before them: filled in, nobody traded")
