"""Asset features/volume_profiles: at which prices each day was traded."""

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
def volume_profiles(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Point of control and value area (70 % of the volume) per symbol and UTC day; ts = start of the day.

    Counted from the book's own bars: the volume of a bar is spread evenly over those of 50 price bins that it touches.
    Prices in quote currency, volume in base currency. Known at the end of the day; a day that has not ended, or has no
    volume, has no row. Source: market/candles.
    """
    from trading.market.volume_profile import volume_profiles as compute

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        first = at.history_start if start is None else max(start, at.history_start)
        panel = at.store.read("market.candles", at.candles, first, end, as_of=now, columns=list(PANEL))
        profiles = compute(panel, at.timeframe)
        rows = profiles.rename({"closed_at": "knowledge_ts"})
        counts = written.write(context, at, "features.volume_profiles", rows, start, now)
    width = profiles.select((pl.col("value_high") / pl.col("value_low")).log().mean()).item()
    return dg.MaterializeResult(metadata={**counts, "mean width of the value area": float(width or 0.0)})
