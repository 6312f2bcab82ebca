"""Gradient boosted trees (LightGBM): grown from numbers, kept as text, the same for the same seed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.model import Parameter
from trading.errors import BadData

if TYPE_CHECKING:
    import lightgbm

Array = NDArray[np.float64]

#: LightGBM's threads spin while they wait for each other: beside busy processes two are far slower than one.
THREADS = 1

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


def settings_of(params: Mapping[str, Parameter] | None, kind: str) -> dict[str, Parameter]:
    """Return DEFAULTS with the changes `params`; BadData names one that the model `kind` does not know."""
    unknown = sorted(set(params or {}) - set(DEFAULTS))
    if unknown:
        raise BadData(f"{kind}: unknown parameter {', '.join(unknown)}; known are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **(params or {})}


def grow(
    x: Array,
    target: Array,
    names: Sequence[str],
    settings: Mapping[str, Parameter],
    seed: int,
    objective: str = "regression",
) -> str:
    """Return the text of trees that tell `target` (rows) from `x` (rows, names); one thread, repeatable by `seed`.

    `objective` is LightGBM's: regression (squared error) or binary (target 0 or 1, trees tell its probability).
    """
    import lightgbm

    told = {key: value for key, value in settings.items() if key not in ("rounds", "min_share_in_leaf")}
    data = lightgbm.Dataset(
        x,
        target,
        feature_name=list(names),
        params={"max_bin": settings["max_bin"], "verbosity": -1, "num_threads": THREADS},
    )
    fixed = {
        **told,
        "objective": objective,
        "bagging_freq": 1,
        "min_data_in_leaf": max(20, int(len(target) * float(settings["min_share_in_leaf"]))),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "seed": seed,
        "verbosity": -1,
    }
    return lightgbm.train(fixed, data, num_boost_round=int(settings["rounds"])).model_to_string()


def apply(trees: str, x: Array, names: Sequence[str] | None = None) -> Array:
    """Return what `trees` tell of each row of `x`.

    Raises:
        BadData: the text is no LightGBM model, or its trees were grown on other features than `names`.
    """
    booster = _booster(trees, names)
    return np.asarray(booster.predict(x, num_threads=THREADS), dtype=np.float64)


def contributions(trees: str, x: Array, names: Sequence[str]) -> Array:
    """Return (rows, features + 1): what each feature adds to what the trees tell, and last what they tell of nothing.

    The numbers of a row sum to what `apply` tells (TreeSHAP, LightGBM's pred_contrib).

    Raises:
        BadData: as for `apply`.
    """
    booster = _booster(trees, names)
    return np.asarray(booster.predict(x, pred_contrib=True, num_threads=THREADS), dtype=np.float64)


def gains(trees: str, names: Sequence[str]) -> dict[str, float]:
    """Return per feature its share (0 to 1) of all that splits have gained; BadData as for `apply`."""
    gained = np.asarray(_booster(trees, names).feature_importance("gain"), dtype=np.float64)
    total = float(gained.sum())
    return {name: float(gain) / total if total > 0 else 0.0 for name, gain in zip(names, gained, strict=True)}


def _booster(trees: str, names: Sequence[str] | None) -> "lightgbm.Booster":
    import lightgbm

    try:
        booster = lightgbm.Booster(model_str=trees)
    except lightgbm.basic.LightGBMError as error:
        raise BadData(f"its text is no LightGBM model: {error}") from error
    if names is not None and tuple(booster.feature_name()) != tuple(names):
        raise BadData("its trees were grown on other features than it names")
    return booster
