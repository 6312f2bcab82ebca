"""Forecast of the log return over a horizon with a line (ridge), in the form of the trees: what they have to beat."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.forecast import ridge, scaled_return
from models.forecast.scaled_return import SCALE
from models.model import Model, Parameter, finite, need_columns, verify
from trading.errors import BadData

KIND = "linear_return"

Array = NDArray[np.float64]


def fit(
    frame: pl.DataFrame,
    features: Sequence[str],
    horizon: int,
    seed: int,
    *,
    folds: int = 4,
    params: Mapping[str, Parameter] | None = None,
) -> Model:
    """Return the model trained on all rows of `frame`, scored by `folds` purged walk-forward fits before it.

    The arguments are those of lightgbm_return.fit; `params` change ridge.DEFAULTS, and `seed` changes nothing.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    unknown = sorted(set(params or {}) - set(ridge.DEFAULTS))
    if unknown:
        raise BadData(f"{KIND}: unknown parameter {', '.join(unknown)}; known are {', '.join(ridge.DEFAULTS)}")
    settings = {**ridge.DEFAULTS, **(params or {})}
    rows = scaled_return.training_rows(frame, features, KIND)

    def learn(x: Array, target: Array) -> Callable[[Array], Array]:
        return ridge.draw(x, target, float(settings["penalty"]))

    scores = scaled_return.walk(rows, features, horizon, learn, folds, KIND)
    x, unit, label = scaled_return.arrays(rows, features, horizon)
    line = ridge.draw(x, scaled_return.target(label, unit), float(settings["penalty"])).text()
    told = {**settings, "horizon": horizon, "folds": folds}
    return scaled_return.made(KIND, frame, rows, features, told, seed, scores, (line, data_hash(rows)))


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, expected_return and sigma, as lightgbm_return.predict.

    Raises:
        BadData: the model is damaged or of another kind, or a feature column is missing.

    """
    verify(model, KIND)
    need_columns(frame, ("symbol", "ts", SCALE, *model.features), KIND)
    rows = frame.filter(finite(list(dict.fromkeys((SCALE, *model.features))))).sort("symbol", "ts")
    try:
        line = ridge.of_text(model.artefact)
    except BadData as error:
        raise BadData(f"model {model.model_id}: {error}") from error
    if len(line.weights) != len(model.features):
        raise BadData(f"model {model.model_id}: its line has {len(line.weights)} weights, not {len(model.features)}")
    return scaled_return.forecasts(model, rows, line(rows.select(model.features).to_numpy()))
