"""Negative controls: a model's recipe on labels or features that mean nothing; what it finds there is no skill."""

from collections.abc import Callable

import numpy as np
import polars as pl

from models.forecast import kinds
from models.forecast.scaled_return import SCALE
from models.model import Model

#: So many fits of each control say how far chance goes.
COUNT = 8

SHUFFLED, RANDOM = "shuffled labels", "random features"


def controls(
    model: Model, training: pl.DataFrame, later: pl.DataFrame, seed: int, count: int = COUNT
) -> dict[str, list[pl.DataFrame]]:
    """Return by control `count` forecasts of `later` by the recipe of `model`, each fitted to other nonsense.

    `training` (symbol, ts, t0, t1, label, SCALE, features) is what the model was trained on, `later` (symbol, ts,
    SCALE, features) what it is judged by. With SHUFFLED labels the features are true, and labels belong to other times,
    in units of their own volatility; with RANDOM features the labels are true.

    Raises:
        BadData: as when the model itself is fitted.
    """
    chance = np.random.default_rng(seed)
    told: dict[str, Callable[[], tuple[pl.DataFrame, pl.DataFrame]]] = {
        SHUFFLED: lambda: (_shuffled(training, chance), later),
        RANDOM: lambda: (_random(training, model, chance), _random(later, model, chance)),
    }
    return {name: [_fitted(model, *made()) for _ in range(count)] for name, made in told.items()}


def _fitted(model: Model, training: pl.DataFrame, later: pl.DataFrame) -> pl.DataFrame:
    kind = kinds.of(model.kind)
    params = {name: value for name, value in model.params.items() if name not in ("horizon", "folds")}
    horizon = int(model.params["horizon"])
    fitted = kind.fit(training, model.features, horizon, model.seed, folds=1, params=params)
    return kind.predict(fitted, later)


def _shuffled(training: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    in_units = training.filter(pl.col("label").is_not_null() & (pl.col(SCALE) > 0)).with_columns(
        label=pl.col("label") / pl.col(SCALE)
    )
    order = chance.permutation(in_units.height)
    return in_units.with_columns(label=in_units["label"].gather(order) * pl.col(SCALE))


def _random(frame: pl.DataFrame, model: Model, chance: np.random.Generator) -> pl.DataFrame:
    """Return `frame` with noise in the place of its features; the unit stays what it was."""
    names = [name for name in model.features if name != SCALE]
    return frame.with_columns(pl.Series(name, chance.normal(size=frame.height)) for name in names)
