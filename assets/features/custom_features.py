"""Asset features/custom_features: combinations of features and the indicators that users plug in."""

import dagster as dg
import polars as pl

from adapters import indicator_files
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
def custom_features(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """A row per symbol, bar (ts = open time UTC) and name: features declared in files rather than in our code.

    The combinations that we ship, and those and the indicators of the files of TRADEWIND_INDICATORS; each is tried for
    a look ahead before anything is written. Known at the bar's close; null in the warm-up. Source: market/candles,
    from the start of the history.
    """
    from trading.indicators.admission import admit
    from trading.indicators.registry import families

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        chosen = indicator_files.together(at.settings.indicators)
        admit(chosen.combinations, chosen.indicators)
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=list(PANEL))
        computed = [
            long(family.compute(panel, at.timeframe))
            for family in families(chosen.combinations, chosen.indicators)
            if family.name in ("combinations", "custom")
        ]
        rows = pl.concat(computed).with_columns(knowledge_ts=pl.col("ts") + at.timeframe.delta)
        if start is not None:
            rows = rows.filter(pl.col("ts") >= start)
        counts = written.write(context, at, "features.custom_features", rows, start, now)
    names = [each.name for each in (*chosen.combinations, *chosen.indicators)]
    return dg.MaterializeResult(
        metadata={**counts, "names": ", ".join(names), "without a value": rows["value"].null_count()}
    )


def long(features: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, name and value of a frame that has a column per feature, sorted by symbol, ts, name."""
    rows = features.unpivot(index=["symbol", "ts"], variable_name="name", value_name="value")
    return rows.with_columns(pl.col("value").cast(pl.Float64)).sort("symbol", "ts", "name")
