"""Walk-forward splits by event time: purged of labels that reach into the test window, with an embargo."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.errors import BadData


@dataclass(frozen=True)
class Split:
    """Row numbers of one fold; each training label is known at least the embargo before the first test decision."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


def walk_forward(t0: pl.Series, t1: pl.Series, folds: int, embargo: timedelta = timedelta(0)) -> Iterator[Split]:
    """Yield `folds` splits of rows with decision times `t0` and label times `t1`, oldest first.

    The distinct times of t0 (not the rows: a panel has many symbols per time) are cut into folds + 1 runs of equal
    length. Fold k tests on run k + 1 and trains on all rows whose label is known at least `embargo` before that run
    begins: labels span (t0, t1], so one that ends exactly with the first test decision does not overlap.

    Raises:
        BadData: fewer distinct times than runs.

    """
    times = t0.unique().sort()
    if len(times) < folds + 1:
        raise BadData(f"{folds} folds need {folds + 1} distinct times, there are {len(times)}")
    for run in np.array_split(np.arange(len(times)), folds + 1)[1:]:
        first, last = times[int(run[0])], times[int(run[-1])]
        test = ((t0 >= first) & (t0 <= last)).arg_true().to_numpy().astype(np.intp)
        train = ((t0 < first) & (t1 + embargo <= first)).arg_true().to_numpy().astype(np.intp)
        yield Split(train, test)
