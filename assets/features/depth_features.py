"""Asset features/depth_features: what the last order book of each bar says."""

import dagster as dg
import polars as pl

from adapters.store import last_books
from assets.features import written
from assets.partitions import DAILY, window
from assets.resources import DeskResource


@dg.asset(
    key_prefix="features",
    group_name="features",
    kinds={"polars", "postgres"},
    partitions_def=DAILY,
)
def depth_features(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Spread, balance, slope and cost of 10,000 quote currency per symbol and bar (ts = open time UTC).

    Of the last book that was known before the bar closed; a bar without a sound book has no row. Known at the bar's
    close. Source: market.order_books, which the collector writes under `tradewind up`.
    """
    from trading.market.depth_features import depth_features as compute

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        first = at.history_start if start is None else start
        # A bar that has not closed has no last book yet.
        closed = min(end, at.timeframe.open_of(now))
        with at.database.transaction() as connection:
            books = last_books.read(connection, at.venue, at.symbols, at.timeframe, first, closed)
        features = compute(books)
        rows = features.with_columns(knowledge_ts=pl.col("ts") + at.timeframe.delta)
        counts = written.write(context, at, "features.depth_features", rows, start, now)
    means = features.select(pl.col("spread_bps", "imbalance_5").mean().fill_null(0.0)).row(0)
    return dg.MaterializeResult(metadata={**counts, "mean spread_bps": means[0], "mean imbalance_5": means[1]})
