"""Confidence bands of scores: days drawn again and again in blocks, all that was measured on a day together."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.backtest.bootstrap import block_length, draws

Array = NDArray[np.float64]

#: Share of the drawn scores that a band holds unless told otherwise.
HELD = 0.9


@dataclass(frozen=True)
class Band:
    """A score and where its draws lie: a stated share within `low` and `high`, the share `above` above 0."""

    value: float
    low: float
    high: float
    above: float


def daily(frame: pl.DataFrame, columns: list[str]) -> Array:
    """Return (days, columns): the sums of `columns` over each UTC day of `frame` (ts, columns), days in order."""
    days = frame.group_by(day=pl.col("ts").dt.truncate("1d")).agg(pl.col(columns).sum()).sort("day")
    return days.select(columns).to_numpy().astype(np.float64)


def band(sums: Array, score: Callable[[Array], Array], paths: int, seed: int, held: float = HELD) -> Band:
    """Return what `score` makes of the days `sums` (days, columns), with its band, which holds `held` of the draws.

    `score` takes sums over days (paths, columns) and returns one number for each path. Days are drawn by the stationary
    bootstrap, in blocks whose mean length suits the dependence of the first column.
    """
    block = max(block_length(sums[:, 0]), 1.0)
    drawn: list[Array] = []
    for places in draws(len(sums), len(sums), block, paths, seed):
        # One column at a time: all together would not fit into the memory of a laptop.
        drawn.append(np.column_stack([column[places].sum(axis=1) for column in sums.T]))
    told = score(np.concatenate(drawn))
    low, high = np.quantile(told, [(1 - held) / 2, (1 + held) / 2])
    return Band(float(score(sums.sum(axis=0)[None, :])[0]), float(low), float(high), float((told > 0).mean()))
