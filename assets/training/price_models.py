"""Asset training/price_models: the model of returns, trained on the book's history and scored against the naive one."""

import dagster as dg

from adapters import bar_image
from assets import model_registry
from assets.resources import DeskResource
from trading.candle import PANEL


@dg.asset(
    key_prefix="training",
    group_name="training",
    kinds={"lightgbm", "postgres"},
    deps=[dg.AssetKey(["features", "technical_features"]), dg.AssetKey(["market", "candles"])],
)
def price_models(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One LightGBM model per training: log return of the close over the book's horizon, in bars.

    Scores are out of sample, from a purged walk-forward, against expecting nothing and against the past mean. The first
    model of a book is used whatever they are; each later one is a candidate until `tradewind models promote` finds its
    evidence enough. Stored with data hash, features, parameters and seed, and with how its features were distributed.
    """
    from models import card, drift
    from models.forecast import lightgbm_return
    from models.labels import training_set
    from trading.indicators.technical import FEATURES

    with desk.open(context) as at:
        now = at.clock.now()
        panel = at.store.read("market.candles", at.candles, at.history_start, now, as_of=now, columns=list(PANEL))
        features = at.store.read(
            "features.technical_features", at.series, end=now, as_of=now, columns=["symbol", "ts", *FEATURES]
        )
        rows = training_set(features, panel, at.timeframe, at.horizon)
        model = lightgbm_return.fit(rows, FEATURES, at.horizon, at.seed)
        new = model_registry.store(at, "price_models", model)
        ranges = drift.ranges(lightgbm_return.training_rows(rows, FEATURES), model.features)
        state = model_registry.enter(at, model, ranges)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": 1,
            "model": model.model_id[:16],
            "new": new,
            "state": state,
            "card": dg.MetadataValue.md(card.markdown(model)),
            "plot of scores": _plot("scores out of sample", card.skills(model)),
            "plot of calibration": _plot("share of outcomes within each band", card.coverages(model)),
            "plot of importance": _plot("share of the gain by feature", card.importance(model)),
            "trained": f"{model.trained_from} to {model.trained_to}",
            "data hash": model.data_hash,
            **{name.replace("_", " "): value for name, value in model.scores.items()},
        }
    )


def _plot(title: str, values: dict[str, float]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(bar_image.markdown(title, values))
