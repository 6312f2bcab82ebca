"""Asset forecasts/market_regimes: the regime of each bar, as it could be told at its close."""

import dagster as dg
import polars as pl

from assets import model_registry
from assets.partitions import DAILY, window
from assets.resources import DeskResource


@dg.asset(
    key_prefix="forecasts",
    group_name="forecasts",
    kinds={"numpy", "postgres"},
    deps=[dg.AssetKey(["features", "technical_features"]), dg.AssetKey(["training", "regime_models"])],
    partitions_def=DAILY,
)
def market_regimes(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """calm, normal or turbulent per symbol and bar, with its filtered probability; no later bar changes a label."""
    from models.regime import gaussian_mixture

    with desk.open(context) as at:
        now = at.clock.now()
        start, end = window(context, now)
        model = model_registry.newest(at, "regime_models")
        columns = ["symbol", "ts", *gaussian_mixture.FEATURES]
        features = at.store.read("features.technical_features", at.series, None, end, as_of=now, columns=columns)
        regimes = gaussian_mixture.predict(model, features)
        if start is not None:
            regimes = regimes.filter(pl.col("ts") >= start)
        keys = [pl.lit(value).alias(name) for name, value in at.keys.items()]
        rows = regimes.with_columns(
            *keys, model_id=pl.lit(model.model_id), knowledge_ts=pl.col("ts") + at.timeframe.delta
        )
        written = at.store.write("forecasts.market_regimes", rows, now)
    shares = regimes.group_by("regime").len().sort("regime")
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": regimes.height,
            "rows written": written,
            "model": model.model_id[:16],
            **{f"share {regime}": count / max(regimes.height, 1) for regime, count in shares.iter_rows()},
        }
    )
