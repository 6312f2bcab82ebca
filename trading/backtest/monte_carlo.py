"""Monte Carlo: what else the same trading could have come to, had its parts come in another order and number."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading.backtest.bootstrap import Floats, draws

#: The shares of all paths that lie below a band.
BANDS: Sequence[int] = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Outcomes:
    """What many paths came to: by figure (`return`, `deepest_drawdown`, `sharpe`) the value below which so many lie.

    Figures are fractions, the Sharpe ratio a year; None where no path tells it. `loss` is the share of paths that lost,
    `beyond` that of those whose deepest drawdown went beyond the limit.
    """

    bands: Mapping[str, Mapping[int, float] | None]
    loss: float
    beyond: float


def figures(paths: Floats, per_year: float) -> Mapping[str, Floats]:
    """Return by figure its value for each of `paths` (paths x returns); the Sharpe ratio nan where nothing varies."""
    levels = (1 + paths).cumprod(axis=1)
    peaks = np.maximum.accumulate(levels, axis=1).clip(min=1.0)
    apart = paths - paths.mean(axis=1, keepdims=True)
    spread = np.sqrt((apart**2).sum(axis=1) / max(paths.shape[1] - 1, 1))
    ratio: Floats = np.full(len(paths), np.nan, dtype=np.float64)
    # A rounding error is no spread.
    moves = spread > 1e-12
    ratio[moves] = paths.mean(axis=1)[moves] / spread[moves] * math.sqrt(per_year)
    deepest: Floats = (levels / peaks - 1).min(axis=1).clip(max=0.0)
    return {"return": levels[:, -1] - 1, "deepest_drawdown": deepest, "sharpe": ratio}


def outcomes(returns: Floats, block: float, paths: int, seed: int, per_year: float, limit: float) -> Outcomes:
    """Return what `paths` series as long as `returns` (fractions, at least one) come to, drawn in blocks of `block`.

    `per_year` is how many of the returns a year has, `limit` a drawdown as a positive fraction (0.2: 20 %).
    """
    count = len(returns)
    parts = [figures(returns[places], per_year) for places in draws(count, count, block, paths, seed)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Outcomes(
        {name: _bands(values[~np.isnan(values)]) for name, values in whole.items()},
        float((whole["return"] < 0).mean()),
        float((whole["deepest_drawdown"] < -limit).mean()),
    )


def _bands(values: Floats) -> Mapping[int, float] | None:
    return {share: float(np.percentile(values, share)) for share in BANDS} if len(values) else None
