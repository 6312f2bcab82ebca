"""A series put together from two sources, where it shows: another habit of opening, or another price and volume."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample

#: So many bars on either side say what a source is like.
WINDOW = 100
#: The shares of bars that open exactly at the close before them: a source that builds its bars so, and another.
ALWAYS, NOT_ALWAYS = 0.97, 0.75
#: A seam opens so many times farther from the last close than any bar around it, and trades so many times more or less.
SEAM_FACTOR, VOLUME_FACTOR = 5.0, 5.0


def find(sample: Sample) -> list[Finding]:
    """Return the first bar of what seems to be another source."""
    if sample.timeframe is None or not {"open", "volume"} <= set(sample.values):
        return []
    # A bar that nobody traded in opens at the last close whoever made it.
    bars = sample.bars.filter(pl.col("volume") > 0)
    if bars.height < 2 * WINDOW + 1:
        return []
    gap = (pl.col("open").log() - pl.col("close").log().shift(1)).abs()
    told = bars.select(
        "ts",
        "volume",
        joined=pl.col("ts").diff() == sample.timeframe.delta,
        gap=pl.when(pl.col("ts").diff() == sample.timeframe.delta).then(gap),
        same=(gap == 0).cast(pl.Float64),
    ).with_columns(
        before=pl.col("same").shift(1).rolling_mean(WINDOW),
        after=_ahead(pl.col("same").rolling_mean(WINDOW)),
        volume_before=pl.col("volume").shift(1).rolling_median(WINDOW),
        volume_after=_ahead(pl.col("volume").rolling_median(WINDOW)),
        farthest_before=pl.col("gap").shift(1).fill_null(0).rolling_max(WINDOW),
        farthest_after=_ahead(pl.col("gap").shift(-1).fill_null(0).rolling_max(WINDOW)),
    )
    return [*_habit(told), *_seam(told)]


def _ahead(expression: pl.Expr) -> pl.Expr:
    """Return for each row what `expression` says of it and the rows that follow, as far as the window goes."""
    return expression.shift(-(WINDOW - 1))


def _habit(told: pl.DataFrame) -> list[Finding]:
    change = pl.col("after") - pl.col("before")
    low, high = pl.min_horizontal("before", "after"), pl.max_horizontal("before", "after")
    row = told.filter((high >= ALWAYS) & (low <= NOT_ALWAYS)).sort(change.abs(), maintain_order=True).tail(1)
    if row.is_empty():
        return []
    before, after = row["before"][0], row["after"][0]
    return found("splice", row, f"{before:.0%} of the bars before open at the last close, {after:.0%} of those after")


def _seam(told: pl.DataFrame) -> list[Finding]:
    around = pl.max_horizontal("farthest_before", "farthest_after")
    ratio = (pl.col("volume_after").log() - pl.col("volume_before").log()).abs().exp()
    rows = told.with_columns(ratio=ratio).filter(
        (pl.col("gap") > SEAM_FACTOR * pl.max_horizontal(around, pl.lit(1e-5))) & (pl.col("ratio") > VOLUME_FACTOR)
    )
    detail = (
        "" if rows.is_empty() else f"opens {rows['gap'][0]:.2%} off the last close, volume {rows['ratio'][0]:.1f}-fold"
    )
    return found("splice", rows, detail)
