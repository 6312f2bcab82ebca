"""Asset features/technical_features: indicators of each bar over three timeframes."""

import dagster as dg
import polars as pl

from assets.features import written
from assets.partitions import DAILY, window
from assets.resources import DeskResource
from trading.candle import PANEL


@dg.asset(
    key_prefix="features",
    group_name="features",
    kinds={"polars", "postgres"},
    deps=[dg.AssetKey(["market", "candles"])],
    partitions_def=DAILY,
)
def technical_features(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Scale-free indicators per symbol and bar (ts = open time UTC), known at the bar's close.

    Columns without suffix are of the book's own timeframe; _x4 and _x24 are of bars 4 and 24 times as long, visible
    only after their close. Null while an indicator warms up. Source: market/candles, from the start of the history.
    """
    from trading.indicators.technical import FEATURES, STORED
    from trading.indicators.technical import technical_features as compute

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=list(PANEL))
        features = compute(panel, at.timeframe)
        if start is not None:
            features = features.filter(pl.col("ts") >= start)
        rows = features.with_columns(knowledge_ts=pl.col("ts") + at.timeframe.delta)
        counts = written.write(context, at, "features.technical_features", rows, start, now)
    complete = features.drop_nulls(FEATURES).height
    return dg.MaterializeResult(
        metadata={
            **counts,
            "features": len(STORED),
            "complete rows": complete,
            "mean volatility_24": float(features["volatility_24"].mean() or 0.0),  # pyright: ignore[reportArgumentType]
            "mean rsi_14": float(features["rsi_14"].mean() or 0.0),  # pyright: ignore[reportArgumentType]
        }
    )
