"""A contest: trees, a line and the naive forecast on the same unseen rows, fold by fold, with confidence bands."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.bands import Band, band, daily
from models.forecast import ridge, trees
from models.model import Parameter
from models.scores import ranks
from models.splits import walk_forward
from models.target import MIN_ROWS, Task
from trading.errors import BadData

Array = NDArray[np.float64]
Told = Callable[[int, int], None]

TREES, LINE, NAIVE = "trees", "line", "naive"

#: A forecast of a probability is no certainty.
_SURE = 0.99


def contest(
    task: Task,
    folds: int,
    seed: int,
    told: Told = lambda _done, _of: None,
    settings: Mapping[str, Parameter] = trees.DEFAULTS,
) -> pl.DataFrame:
    """Return symbol, ts, t0, outcome and the forecasts of TREES, LINE and NAIVE for each row of the folds' tests.

    `settings` are those of the trees. Each fold's models know only rows whose labels were known before its first
    decision (models/splits.py).

    Raises:
        BadData: no fold leaves enough rows to train on.
    """
    parts: list[pl.DataFrame] = []
    aim = task.aim
    for number, split in enumerate(walk_forward(task.rows["t0"], task.rows["t1"], folds)):
        told(number, folds)
        if len(split.train) < MIN_ROWS // 3 or not aim[split.train].std() > 0:
            continue
        x, test = task.x[split.train], task.x[split.test]
        names = [f"f{column}" for column in range(x.shape[1])]
        grown = trees.grow(x, aim[split.train], names, settings, seed, task.target.objective)
        line = ridge.draw(x, aim[split.train], float(ridge.DEFAULTS["penalty"]))
        forecasts = {TREES: trees.apply(grown, test), LINE: line(test)}
        parts.append(
            task.rows[split.test.tolist()]
            .select("symbol", "ts", "t0")
            .with_columns(
                pl.Series("outcome", task.outcome[split.test]),
                *(pl.Series(who, _bounded(task, what) * task.unit[split.test]) for who, what in forecasts.items()),
                pl.Series(NAIVE, task.naive(split.train, split.test)),
            )
        )
    told(folds, folds)
    if not parts:
        raise BadData(f"no fold of {folds} leaves enough rows to train on; give more history or fewer folds")
    return pl.concat(parts)


def scores(found: pl.DataFrame, task: Task, paths: int, seed: int) -> dict[str, dict[str, Band]]:
    """Return the scores of TREES and LINE on the rows of a contest, each with its band.

    `skill` is 1 - loss / loss of the naive forecast, the loss the root mean squared error (the mean squared one where a
    probability is told: Brier's score): above 0 only if it is better. `correlation` is that of ranks, forecast against
    outcome. `hit_rate` (return and direction) is the share of right signs among outcomes that are not 0.
    """
    return {who: _scores(found, who, task, paths, seed) for who in (TREES, LINE)}


def _scores(found: pl.DataFrame, who: str, task: Task, paths: int, seed: int) -> dict[str, Band]:
    probability = task.target.name == "direction"
    forecast, outcome = found[who].to_numpy(), found["outcome"].to_numpy()
    one, other = (_standard(ranks(each)) for each in (forecast, outcome))
    middle = 0.5 if probability else 0.0
    told = (outcome != middle) & (forecast != middle)
    right = told & ((forecast > middle) == (outcome > middle))
    columns: dict[str, Any] = {
        "gain": (found[NAIVE].to_numpy() - outcome) ** 2 - (forecast - outcome) ** 2,
        "loss": (forecast - outcome) ** 2,
        "naive": (found[NAIVE].to_numpy() - outcome) ** 2,
        "xy": one * other,
        "xx": one * one,
        "yy": other * other,
        "right": right.astype(float),
        "told": told.astype(float),
    }
    sums = daily(
        found.select("ts").with_columns(**{name: pl.Series(each) for name, each in columns.items()}), [*columns]
    )
    power = 1.0 if probability else 0.5
    made = {
        "skill": band(sums, lambda s: 1 - (s[:, 1] / np.maximum(s[:, 2], 1e-300)) ** power, paths, seed),
        "correlation": band(
            sums[:, [3, 4, 5]], lambda s: s[:, 0] / np.sqrt(np.maximum(s[:, 1] * s[:, 2], 1e-300)), paths, seed
        ),
    }
    if task.target.name != "volatility":
        made["hit_rate"] = band(sums[:, [6, 7]], lambda s: s[:, 0] / np.maximum(s[:, 1], 1e-300), paths, seed)
    return made


def _bounded(task: Task, told: Array) -> Array:
    """Return forecasts within what the target can be."""
    if task.target.name == "direction":
        return np.clip(told, 1 - _SURE, _SURE)
    return np.maximum(told, 0.0) if task.target.name == "volatility" else told


def _standard(values: Array) -> Array:
    apart = values - values.mean()
    spread = apart.std()
    return apart / spread if spread > 0 else apart
