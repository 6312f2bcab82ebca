"""Forecast of the log return over a horizon with gradient boosted trees (LightGBM), scored walk-forward.

The trees learn the return in units of the volatility that was known at the time (scaled_return.py). Forecasts are given
back as log returns.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.forecast import scaled_return, trees
from models.forecast.scaled_return import FORECAST, SCALE
from models.forecast.trees import DEFAULTS
from models.model import Model, Parameter, finite, need_columns, verify
from trading.errors import BadData

__all__ = ["DEFAULTS", "FORECAST", "KIND", "explain", "fit", "predict", "train", "training_rows"]

KIND = "lightgbm_return"

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

    Args:
        frame: symbol, ts, t0, t1, label (models/labels.py), `features` and SCALE; incomplete rows are dropped, counted.
        features: the columns to learn from.
        horizon: bars that the label spans.
        seed: makes the fit repeatable, byte for byte.
        folds: walk-forward folds.
        params: changes of DEFAULTS.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    settings = trees.settings_of(params, KIND)
    rows = training_rows(frame, features)
    names = [f"f{column}" for column in range(len(features))]

    def learn(x: Array, target: Array) -> Callable[[Array], Array]:
        grown = trees.grow(x, target, names, settings, seed)
        return lambda other: trees.apply(grown, other)

    scores = scaled_return.walk(rows, features, horizon, learn, folds, KIND)
    told = {**settings, "horizon": horizon, "folds": folds}
    trained = train(rows, features, horizon, settings, seed)
    return scaled_return.made(KIND, frame, rows, features, told, seed, scores, trained)


def train(
    rows: pl.DataFrame, features: Sequence[str], horizon: int, settings: Mapping[str, Parameter], seed: int
) -> tuple[str, str]:
    """Return the text of the trees grown on all `rows` (of `training_rows`) and the data hash of these."""
    x, unit, label = scaled_return.arrays(rows, features, horizon)
    with ThreadPoolExecutor(1) as beside:
        # Trees grow on one thread and leave the interpreter alone meanwhile; the hash of many rows takes seconds.
        marked = beside.submit(data_hash, rows)
        return trees.grow(x, scaled_return.target(label, unit), features, settings, seed), marked.result()


def training_rows(frame: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Return the rows of `frame` (as for `fit`) that a model of `features` is trained on, oldest first.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    return scaled_return.training_rows(frame, features, KIND)


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, expected_return and sigma (its standard error), log returns over `params["horizon"]` bars.

    Rows with a null in a feature have no forecast and are left out.

    Raises:
        BadData: the model is damaged or of another kind, or a feature column is missing.

    """
    rows = _asked(model, frame)
    if rows.is_empty():
        return rows.select("symbol", "ts", expected_return=pl.lit(0.0), sigma=pl.lit(0.0))
    told = _of(model, trees.apply, rows)
    return scaled_return.forecasts(model, rows, told)


def explain(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts and per feature what it adds to the forecast, `bias` what is expected of nothing: log returns.

    The numbers of a row sum to its expected_return.

    Raises:
        BadData: as for `predict`.

    """
    rows = _asked(model, frame)
    names = [*model.features, "bias"]
    if rows.is_empty():
        return rows.select("symbol", "ts", **{name: pl.lit(0.0) for name in names})
    unit = scaled_return.arrays(rows.with_columns(label=0.0), model.features, int(model.params["horizon"]))[1]
    added = _of(model, trees.contributions, rows) * unit[:, None]
    return rows.select("symbol", "ts").with_columns(
        pl.Series(name, added[:, place]) for place, name in enumerate(names)
    )


def _asked(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the complete rows of `frame`, for a model that is whole."""
    verify(model, KIND)
    need_columns(frame, ("symbol", "ts", SCALE, *model.features), KIND)
    return frame.filter(finite(list(dict.fromkeys((SCALE, *model.features))))).sort("symbol", "ts")


def _of(model: Model, ask: Callable[[str, Array, Sequence[str]], Array], rows: pl.DataFrame) -> Array:
    try:
        return ask(model.artefact, rows.select(model.features).to_numpy(), model.features)
    except BadData as error:
        raise BadData(f"model {model.model_id}: {error}") from error
