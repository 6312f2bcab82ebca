"""Linear regression with a penalty on large weights (ridge), by the normal equations: the plain thing to beat."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.model import Parameter
from trading.errors import BadData

Array = NDArray[np.float64]

#: `penalty` is the weight of the squared weights, in units of the number of rows.
DEFAULTS: Mapping[str, Parameter] = {"penalty": 0.1}

#: Features are cut at so many deviations: a line goes wherever one odd row sends it.
CUT = 4.0


@dataclass(frozen=True)
class Line:
    """`intercept` + `weights` on features less `centre`, in units of `spread`, cut at CUT; all of length features."""

    centre: Array
    spread: Array
    weights: Array
    intercept: float

    def __call__(self, x: Array) -> Array:
        """Return what the line tells of each row of `x` (rows, features)."""
        return standardised(x, self.centre, self.spread) @ self.weights + self.intercept

    def text(self) -> str:
        """Return the line as JSON."""
        return json.dumps([self.centre.tolist(), self.spread.tolist(), self.weights.tolist(), self.intercept])


def of_text(text: str) -> Line:
    """Return the line that `text` is; BadData where it is none."""
    try:
        centre, spread, weights, intercept = json.loads(text)
        parts = [np.asarray(each, dtype=np.float64) for each in (centre, spread, weights)]
        return Line(parts[0], parts[1], parts[2], float(intercept))
    except (ValueError, TypeError) as error:
        raise BadData(f"its text is no line: {error}") from error


def draw(x: Array, target: Array, penalty: float) -> Line:
    """Return the line through `target` (rows) over `x` (rows, features); a constant feature has the weight 0."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, np.inf)
    apart = standardised(x, centre, spread)
    middle = apart.mean(axis=0)
    apart = apart - middle
    square = apart.T @ apart / len(target) + penalty * np.eye(x.shape[1])
    weights = np.linalg.solve(square, apart.T @ (target - target.mean()) / len(target))
    finite = np.where(np.isfinite(spread), spread, 1e300)
    return Line(centre, finite, weights, float(target.mean() - middle @ weights))


def standardised(x: Array, centre: Array, spread: Array) -> Array:
    """Return `x` less `centre` in units of `spread`, cut at CUT."""
    return np.clip((x - centre) / spread, -CUT, CUT)
