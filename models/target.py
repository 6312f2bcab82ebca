"""What is forecast: return, direction or volatility, each with its unit and with what anyone could say of it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.forecast.scaled_return import CUT, SCALE
from models.model import finite, need_columns
from trading.errors import BadData

Array = NDArray[np.float64]

#: Fewer rows than this teach nothing.
MIN_ROWS = 300


@dataclass(frozen=True)
class Target:
    """A label of models/labels.py as models learn it.

    `objective` is LightGBM's. `naive` names the forecast that its skill is measured against: zero (no return), past
    share (of rises among the rows known) or persistence (the volatility known now, times what it mostly becomes).
    """

    name: str
    objective: str
    naive: str


TARGETS = {
    "return": Target("return", "regression", "zero"),
    "direction": Target("direction", "binary", "past share"),
    "volatility": Target("volatility", "regression", "persistence"),
}


@dataclass(frozen=True)
class Task:
    """Rows to learn from, oldest first: `x` (rows, features), the outcome of each row and the unit that scales it.

    `rows` has symbol, ts, t0 and t1. Models learn outcome / unit, cut at CUT; forecasts are multiplied by the unit.
    """

    target: Target
    rows: pl.DataFrame
    x: Array
    outcome: Array
    unit: Array

    @property
    def aim(self) -> Array:
        """What models learn, one number a row."""
        return np.clip(self.outcome / self.unit, -CUT, CUT)

    def naive(self, train: NDArray[np.intp], test: NDArray[np.intp]) -> Array:
        """Return the naive forecasts of the rows `test`, by one who knows the rows `train`."""
        if self.target.name == "return":
            return np.zeros(len(test))
        return self.unit[test] * self.aim[train].mean()


def task(frame: pl.DataFrame, features: Sequence[str], horizon: int, target: Target) -> Task:
    """Return the complete rows of `frame` (symbol, ts, t0, t1, label, SCALE, features) as a task.

    Raises:
        BadData: a column is missing, too few rows are complete, or the label never changes.
    """
    use = f"forecast of {target.name}"
    columns = list(dict.fromkeys((SCALE, *features)))
    need_columns(frame, ("symbol", "ts", "t0", "t1", "label", *columns), use)
    rows = frame.filter(finite([*columns, "label"]) & (pl.col(SCALE) > 0)).sort("ts", "symbol")
    if rows.height < MIN_ROWS:
        raise BadData(f"{use}: {rows.height} complete rows of {frame.height}; {MIN_ROWS} are needed after the warm-up")
    outcome = rows["label"].to_numpy()
    if not outcome.std() > 0:
        raise BadData(f"{use}: the label is {outcome[0]} in all {rows.height} rows; there is nothing to learn")
    scale = rows[SCALE].to_numpy()
    unit = {"return": scale * math.sqrt(horizon), "direction": np.ones(rows.height), "volatility": scale}[target.name]
    return Task(target, rows.select("symbol", "ts", "t0", "t1"), rows.select(features).to_numpy(), outcome, unit)
