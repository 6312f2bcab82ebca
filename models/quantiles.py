"""Quantiles of a forecast's error, conformalised: those of errors that the model made on rows it had not seen.

Split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, "Distribution-Free Predictive Inference for
Regression", 2018): where errors to come are like those measured, a band of them holds the share of outcomes that it
promises.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.model import Model
from trading.errors import BadData

Array = NDArray[np.float64]

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)

#: Bands by the share of outcomes that they promise: their lower and upper level.
BANDS: Mapping[int, tuple[float, float]] = {50: (0.25, 0.75), 80: (0.1, 0.9), 90: (0.05, 0.95)}


def of_errors(errors: Array) -> dict[float, float]:
    """Return by level the error below which that share of errors to come will be, by the conformal correction.

    Upper levels take the error of rank ceil((n + 1) level), lower ones that of floor((n + 1) level): never too narrow.

    Raises:
        BadData: there is no error to learn from.
    """
    count = len(errors)
    if not count:
        raise BadData("quantiles: no error out of sample to learn them from")
    ordered = np.sort(errors)
    ranks = {
        level: math.ceil((count + 1) * level) if level >= 0.5 else math.floor((count + 1) * level) for level in LEVELS
    }
    return {level: float(ordered[min(max(rank, 1), count) - 1]) for level, rank in ranks.items()}


def of_folds(errors: Sequence[Array]) -> dict[str, float]:
    """Return the quantiles `quantile_05`.. of the last fold, and `coverage_50`.. as measured.

    `errors` are outcome - forecast of successive folds, in deviations. Each fold after the first is covered by the
    quantiles of the one before it, which is how the last ones will be used; the coverages are the shares of all these
    rows that lay within. With one fold they are not known and left out.
    """
    found = {name_of(level): value for level, value in of_errors(errors[-1]).items()}
    within: dict[int, list[NDArray[np.bool_]]] = {share: [] for share in BANDS}
    for before, after in pairwise(errors):
        known = of_errors(before)
        for share, (low, high) in BANDS.items():
            within[share].append((after >= known[low]) & (after <= known[high]))
    told = {f"coverage_{share}": float(np.concatenate(each).mean()) for share, each in within.items() if each}
    return {**found, **told}


def name_of(level: float) -> str:
    """Return the name of a level's score: quantile_05 for 0.05."""
    return f"quantile_{round(level * 100):02d}"


def bands(model: Model, forecasts: pl.DataFrame) -> pl.DataFrame:
    """Return `forecasts` (symbol, ts, expected_return, sigma) with quantile_05.. as log returns over the horizon.

    Raises:
        BadData: the model has no quantiles.
    """
    missing = [name_of(level) for level in LEVELS if name_of(level) not in model.scores]
    if missing or not model.scores.get("standard_error"):
        raise BadData(
            f"model {model.model_id} has no quantiles ({', '.join(missing)}): it was not scored out of sample"
        )
    unit = pl.col("sigma") / model.scores["standard_error"]
    told = {name_of(level): pl.col("expected_return") + unit * model.scores[name_of(level)] for level in LEVELS}
    return forecasts.with_columns(**told)
