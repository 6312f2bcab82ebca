"""Asset forecasts/price_forecasts: what the newest price model expects of each bar."""

import dagster as dg
import polars as pl

from assets import model_registry
from assets.partitions import DAILY, window
from assets.resources import DeskResource


@dg.asset(
    key_prefix="forecasts",
    group_name="forecasts",
    kinds={"lightgbm", "postgres"},
    deps=[dg.AssetKey(["features", "technical_features"]), dg.AssetKey(["training", "price_models"])],
    partitions_def=DAILY,
)
def price_forecasts(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Expected log return over the model's horizon and its standard error, per symbol and bar (ts = open time UTC).

    The bootstrap covers the last day of the history only: forecasts of bars the model was trained on prove nothing.
    """
    from models.forecast import lightgbm_return

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        model = model_registry.newest(at, "price_models")
        columns = list(dict.fromkeys(["symbol", "ts", lightgbm_return.SCALE, *model.features]))
        since = start or at.timeframe.open_of(now) - 24 * at.timeframe.delta
        features = at.store.read("features.technical_features", at.series, since, end, as_of=now, columns=columns)
        forecasts = lightgbm_return.predict(model, features)
        keys = [pl.lit(value).alias(name) for name, value in at.keys.items()]
        rows = forecasts.with_columns(
            *keys, model_id=pl.lit(model.model_id), knowledge_ts=pl.col("ts") + at.timeframe.delta
        )
        written = at.store.write("forecasts.price_forecasts", rows, now)
    latest = forecasts.group_by("symbol").agg(pl.col("expected_return").sort_by("ts").last()).sort("symbol")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": forecasts.height,
            "rows written": written,
            "without forecast": features.height - forecasts.height,
            "model": model.model_id[:16],
            **{f"expected return {symbol}, bp": round(value * 1e4, 2) for symbol, value in latest.iter_rows()},
        }
    )
