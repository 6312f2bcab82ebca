"""Asset features/correlations: how the symbols of the book move together, and in which clusters."""

import dagster as dg
import polars as pl

from assets.features import written
from assets.partitions import DAILY, window
from assets.resources import DeskResource
from trading.candle import PANEL


@dg.asset(
    key_prefix="features",
    group_name="features",
    kinds={"numpy", "postgres"},
    deps=[dg.AssetKey(["market", "candles"])],
    partitions_def=DAILY,
)
def correlations(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Correlation of log returns per pair of symbols (symbol < other) and UTC day; ts = start of the day.

    Over the 30 days that end with it, shrunk by Ledoit and Wolf; same_cluster tells whether average linkage puts both
    together. Known at the end of the day; a day that has not ended has no row. Source: market/candles.
    """
    from trading.market.correlation import WINDOW, stability
    from trading.market.correlation import correlations as compute

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        first = at.history_start if start is None else max(start - WINDOW, at.history_start)
        panel = at.store.read("market.candles", at.candles, first, end, as_of=now, columns=list(PANEL))
        found = compute(panel, at.timeframe, start)
        rows = found.rename({"closed_at": "knowledge_ts"})
        counts = written.write(context, at, "features.correlations", rows, start, now)
    held = stability(panel, at.timeframe)
    means = found.select(pl.col("value", "shrinkage").mean().fill_null(0.0)).row(0)
    agreed = {"agreement of clusters with the window before": sum(held) / len(held)} if held else {}
    return dg.MaterializeResult(
        metadata={**counts, "mean correlation": means[0], "mean shrinkage": means[1], **agreed},
    )
