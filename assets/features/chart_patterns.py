"""Asset features/chart_patterns: the candlestick patterns that each bar completes."""

import dagster as dg
import polars as pl

from assets.features import written
from assets.partitions import DAILY, window
from assets.resources import DeskResource
from trading.candle import PANEL, TS

_KEY = ["symbol", "ts", "pattern"]
_BARS = [*PANEL, "knowledge_ts"]


@dg.asset(
    key_prefix="features",
    group_name="features",
    kinds={"polars", "postgres"},
    deps=[dg.AssetKey(["market", "candles"])],
    partitions_def=DAILY,
)
def chart_patterns(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """TA-Lib's 61 candlestick patterns: a row per symbol, bar (ts = open time UTC) and pattern that it completes.

    direction is 1 (rising) or -1 (falling), strength TA-Lib's 80, 100 or 200; direction 0 takes back a pattern that a
    revised bar does not show. Known at the bar's close. What they are worth: analytics.pattern_hit_rates. Source:
    market/candles, from the start of the history.
    """
    from trading.indicators.patterns import WARM_UP, patterns

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        panel = at.store.read("market.candles", at.candles, at.history_start, end, as_of=now, columns=_BARS)
        found = patterns(panel)
        if start is not None:
            found = found.filter(pl.col("ts") >= start)
        known = at.store.read(
            "features.chart_patterns", at.series, start, end, as_of=now, columns=[*_KEY, "direction", "strength"]
        )
        rows = pl.concat([found, withdrawn(known, found)])
        rows = rows.join(known_since(panel, WARM_UP), on=["symbol", "ts"], how="left")
        counts = written.write(context, at, "features.chart_patterns", rows, start, now)
    most = found["pattern"].value_counts(sort=True).head(3).rows()
    return dg.MaterializeResult(
        metadata={
            **counts,
            "patterns seen": found["pattern"].n_unique(),
            "most frequent": ", ".join(f"{name} {count}" for name, count in most),
        }
    )


def withdrawn(known: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `known` that `found` has not, with direction and strength 0: they show no more."""
    from trading.indicators.patterns import FOUND

    gone = known.filter(pl.col("direction") != 0).join(found, on=_KEY, how="anti", maintain_order="left")
    nothing = pl.lit(0, pl.Int16)
    return gone.with_columns(direction=nothing, strength=nothing).select(found.columns).cast(FOUND)


def known_since(panel: pl.DataFrame, bars: int) -> pl.DataFrame:
    """Return symbol, ts and knowledge_ts: since when the last `bars` bars up to this one are known as they are.

    A pattern that only a revised bar shows was not there before the revision; it has no older version to say so.
    """
    newest = pl.col("knowledge_ts").to_physical().rolling_max(bars, min_samples=1).over("symbol")
    return panel.select("symbol", "ts", knowledge_ts=newest.cast(TS))
