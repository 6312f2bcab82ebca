"""Forecast of the log return over a horizon with gradient boosted trees (LightGBM), scored walk-forward.

The trees learn the return in units of the volatility that was known at the time: symbols and calm and wild times then
weigh alike. Forecasts are given back as log returns.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.model import Model, Parameter, build, finite, need_columns, verify
from models.scores import scorecard
from models.splits import walk_forward
from trading.errors import BadData

KIND = "lightgbm_return"

#: Standard deviation of one bar's log return: the unit of the target. The frame needs it, as a feature or beside them.
SCALE = "volatility_24"

MIN_ROWS = 300

#: LightGBM's threads spin while they wait for each other: beside busy processes two are far slower than one.
THREADS = 1

#: Targets beyond this many deviations are cut: one crash must not shape every tree.
CUT = 5.0

FORECAST = ("symbol", "ts", "expected_return", "sigma")

DEFAULTS: Mapping[str, Parameter] = {
    "rounds": 100,
    "learning_rate": 0.02,
    "num_leaves": 8,
    "min_share_in_leaf": 0.02,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "lambda_l2": 5.0,
    "max_bin": 63,
}

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
    settings = _settings(params)
    rows = training_rows(frame, features)
    x, unit, label = _arrays(rows, features, horizon)
    scores = _walk(rows, x, unit, label, settings=settings, seed=seed, folds=folds)
    counts = {"rows_trained": float(rows.height), "rows_dropped": float(frame.height - rows.height)}
    return build(
        kind=KIND,
        features=features,
        params={**settings, "horizon": horizon, "folds": folds},
        seed=seed,
        trained_from=rows.item(0, "ts"),
        trained_to=rows.item(-1, "ts"),
        data_hash=data_hash(rows),
        scores={**scores, **counts},
        artefact=_train(x, np.clip(label / unit, -CUT, CUT), list(features), settings, seed),
    )


def training_rows(frame: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Return the rows of `frame` (as for `fit`) that a model of `features` is trained on, oldest first.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    columns = list(dict.fromkeys((SCALE, *features)))
    need_columns(frame, ("symbol", "ts", "t0", "t1", "label", *columns), KIND)
    complete = frame.filter(finite([*columns, "label"]) & (pl.col(SCALE) > 0))
    rows = complete.select("symbol", "ts", "t0", "t1", "label", *columns).sort("ts", "symbol")
    if rows.height < MIN_ROWS:
        raise BadData(
            f"{KIND}: {rows.height} complete training rows of {frame.height}; {MIN_ROWS} are needed after the warm-up"
        )
    return rows


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, expected_return and sigma (its standard error), log returns over `params["horizon"]` bars.

    Rows with a null in a feature have no forecast and are left out.

    Raises:
        BadData: the model is damaged or of another kind, or a feature column is missing.

    """
    import lightgbm

    verify(model, KIND)
    need_columns(frame, ("symbol", "ts", SCALE, *model.features), KIND)
    rows = frame.filter(finite(list(dict.fromkeys((SCALE, *model.features))))).sort("symbol", "ts")
    if rows.is_empty():
        return rows.select("symbol", "ts", expected_return=pl.lit(0.0), sigma=pl.lit(0.0))
    try:
        booster = lightgbm.Booster(model_str=model.artefact)
    except lightgbm.basic.LightGBMError as error:
        raise BadData(f"model {model.model_id}: its text is no LightGBM model: {error}") from error
    if tuple(booster.feature_name()) != model.features:
        raise BadData(f"model {model.model_id}: its trees were grown on other features than it names")
    told = np.asarray(booster.predict(rows.select(model.features).to_numpy(), num_threads=THREADS), dtype=np.float64)
    unit = rows[SCALE].to_numpy() * math.sqrt(int(model.params["horizon"]))
    forecasts = rows.select("symbol", "ts").with_columns(
        expected_return=pl.Series(told * unit), sigma=pl.Series(unit * model.scores["standard_error"])
    )
    return forecasts.filter(finite(["expected_return", "sigma"]))


def _arrays(rows: pl.DataFrame, features: Sequence[str], horizon: int) -> tuple[Array, Array, Array]:
    """Return the features, the expected size of the label (one standard deviation) and the label of each row."""
    unit = rows[SCALE].to_numpy() * math.sqrt(horizon)
    return rows.select(features).to_numpy(), unit, rows["label"].to_numpy()


def _settings(params: Mapping[str, Parameter] | None) -> dict[str, Parameter]:
    unknown = sorted(set(params or {}) - set(DEFAULTS))
    if unknown:
        raise BadData(f"{KIND}: unknown parameter {', '.join(unknown)}; known are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **(params or {})}


def _walk(
    rows: pl.DataFrame,
    x: Array,
    unit: Array,
    label: Array,
    *,
    settings: Mapping[str, Parameter],
    seed: int,
    folds: int,
) -> dict[str, float]:
    """Return the scores of the forecasts that models of the past made for each fold."""
    names = [f"f{column}" for column in range(x.shape[1])]
    target = np.clip(label / unit, -CUT, CUT)
    told, past, outcome, errors = [], [], [], []
    for split in walk_forward(rows["t0"], rows["t1"], folds):
        if len(split.train) < MIN_ROWS // 3:
            continue
        booster = _train(x[split.train], target[split.train], names, settings, seed)
        guess = _apply(booster, x[split.test])
        told.append(guess * unit[split.test])
        past.append(np.full(len(split.test), label[split.train].mean()))
        outcome.append(label[split.test])
        errors.append(guess - target[split.test])
    if not told:
        raise BadData(f"{KIND}: no fold of {folds} leaves enough rows to train on; give more history or fewer folds")
    scores = scorecard(np.concatenate(told), np.concatenate(past), np.concatenate(outcome))
    return {**scores, "standard_error": float(np.concatenate(errors).std())}


def _train(x: Array, target: Array, names: list[str], settings: Mapping[str, Parameter], seed: int) -> str:
    """Return the text of a booster."""
    import lightgbm

    told = {key: value for key, value in settings.items() if key not in ("rounds", "min_share_in_leaf")}
    data = lightgbm.Dataset(
        x, target, feature_name=names, params={"max_bin": settings["max_bin"], "verbosity": -1, "num_threads": THREADS}
    )
    fixed = {
        **told,
        "objective": "regression",
        "bagging_freq": 1,
        "min_data_in_leaf": max(20, int(len(target) * float(settings["min_share_in_leaf"]))),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "seed": seed,
        "verbosity": -1,
    }
    return lightgbm.train(fixed, data, num_boost_round=int(settings["rounds"])).model_to_string()


def _apply(booster: str, x: Array) -> Array:
    import lightgbm

    return np.asarray(lightgbm.Booster(model_str=booster).predict(x, num_threads=THREADS), dtype=np.float64)
