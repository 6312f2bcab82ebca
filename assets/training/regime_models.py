"""Asset training/regime_models: the model that tells calm, normal and turbulent markets apart."""

import dagster as dg

from assets import model_registry
from assets.resources import DeskResource


@dg.asset(
    key_prefix="training",
    group_name="training",
    kinds={"scikitlearn", "postgres"},
    deps=[dg.AssetKey(["features", "technical_features"])],
)
def regime_models(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One Gaussian mixture over volatility per training, relative to each symbol's own; its states ordered by it.

    Stored with data hash, features, parameters and seed. Source: features/technical_features.
    """
    from models.regime import gaussian_mixture

    with desk.open(context) as at:
        now = at.clock.now()
        columns = ["symbol", "ts", *gaussian_mixture.FEATURES]
        features = at.store.read("features.technical_features", at.series, end=now, as_of=now, columns=columns)
        model = gaussian_mixture.fit(features, at.seed)
        new = model_registry.store(at, "regime_models", model)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": 1,
            "model": model.model_id[:16],
            "new": new,
            "data hash": model.data_hash,
            **{name.replace("_", " "): value for name, value in model.scores.items()},
        }
    )
