"""What models of the return share: its unit, the rows to learn from, honest scores and bands, forecasts in log returns.

A return is learned in units of the volatility that was known at the time: symbols and calm and wild times then weigh
alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import quantiles
from models.model import Model, Parameter, build, finite, need_columns
from models.scores import scorecard
from models.splits import walk_forward
from trading.errors import BadData

Array = NDArray[np.float64]
#: From features and targets to what tells targets of features.
Learn = Callable[[Array, Array], Callable[[Array], Array]]

#: Standard deviation of one bar's log return: the unit of the target. The frame needs it, as a feature or beside them.
SCALE = "volatility_24"

MIN_ROWS = 300

#: Targets beyond this many deviations are cut: one crash must not shape a model.
CUT = 5.0

FORECAST = ("symbol", "ts", "expected_return", "sigma")


def training_rows(frame: pl.DataFrame, features: Sequence[str], kind: str) -> pl.DataFrame:
    """Return the rows of `frame` (symbol, ts, t0, t1, label, SCALE, features) that are complete, oldest first.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    columns = list(dict.fromkeys((SCALE, *features)))
    need_columns(frame, ("symbol", "ts", "t0", "t1", "label", *columns), kind)
    complete = frame.filter(finite([*columns, "label"]) & (pl.col(SCALE) > 0))
    rows = complete.select("symbol", "ts", "t0", "t1", "label", *columns).sort("ts", "symbol")
    if rows.height < MIN_ROWS:
        raise BadData(
            f"{kind}: {rows.height} complete training rows of {frame.height}; {MIN_ROWS} are needed after the warm-up"
        )
    return rows


def arrays(rows: pl.DataFrame, features: Sequence[str], horizon: int) -> tuple[Array, Array, Array]:
    """Return the features, the expected size of the label (one standard deviation) and the label of each row."""
    unit = rows[SCALE].to_numpy() * math.sqrt(horizon)
    return rows.select(features).to_numpy(), unit, rows["label"].to_numpy()


def target(label: Array, unit: Array) -> Array:
    """Return what is learned: the label in deviations, cut at CUT of them."""
    return np.clip(label / unit, -CUT, CUT)


def walk(
    rows: pl.DataFrame, features: Sequence[str], horizon: int, learn: Learn, folds: int, kind: str
) -> dict[str, float]:
    """Return the scores, standard error and quantiles of the forecasts that models of the past made for each fold.

    Raises:
        BadData: no fold leaves enough rows to train on.

    """
    x, unit, label = arrays(rows, features, horizon)
    aim = target(label, unit)
    told, past, outcome, errors, whole = [], [], [], [], []
    for split in walk_forward(rows["t0"], rows["t1"], folds):
        if len(split.train) < MIN_ROWS // 3:
            continue
        guess = learn(x[split.train], aim[split.train])(x[split.test])
        told.append(guess * unit[split.test])
        past.append(np.full(len(split.test), label[split.train].mean()))
        outcome.append(label[split.test])
        errors.append(guess - aim[split.test])
        whole.append(label[split.test] / unit[split.test] - guess)
    if not told:
        raise BadData(f"{kind}: no fold of {folds} leaves enough rows to train on; give more history or fewer folds")
    scores = scorecard(np.concatenate(told), np.concatenate(past), np.concatenate(outcome))
    return {**scores, "standard_error": float(np.concatenate(errors).std()), **quantiles.of_folds(whole)}


def made(
    kind: str,
    frame: pl.DataFrame,
    rows: pl.DataFrame,
    features: Sequence[str],
    params: Mapping[str, Parameter],
    seed: int,
    scores: Mapping[str, float],
    trained: tuple[str, str],
) -> Model:
    """Return the model `trained` (its text, the data hash of `rows`) on the `rows` that are complete in `frame`."""
    counts = {"rows_trained": float(rows.height), "rows_dropped": float(frame.height - rows.height)}
    return build(
        kind=kind,
        features=features,
        params=params,
        seed=seed,
        trained_from=rows.item(0, "ts"),
        trained_to=rows.item(-1, "ts"),
        data_hash=trained[1],
        scores={**scores, **counts},
        artefact=trained[0],
    )


def forecasts(model: Model, rows: pl.DataFrame, told: Array) -> pl.DataFrame:
    """Return FORECAST of what `model` told of `rows`, in deviations; rows whose forecast is no number are left out."""
    unit = rows[SCALE].to_numpy() * math.sqrt(int(model.params["horizon"]))
    found = rows.select("symbol", "ts").with_columns(
        expected_return=pl.Series(told * unit), sigma=pl.Series(unit * model.scores["standard_error"])
    )
    return found.filter(finite(["expected_return", "sigma"]))
