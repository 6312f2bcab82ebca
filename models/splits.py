"""Splits by event time, purged of labels that reach into the test, with an embargo: walk-forward and combinatorial.

López de Prado, "Advances in Financial Machine Learning" (2018), chapters 7 and 12. A row is decided at t0 and its label
spans (t0, t1].
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.errors import BadData

#: More ways to choose the test than this are no cross-validation that anybody finishes.
_MOST = 10_000


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


def combinatorial(
    t0: pl.Series, t1: pl.Series, groups: int, tested: int, embargo: timedelta = timedelta(0)
) -> Iterator[Split]:
    """Yield a split for each way to choose `tested` of `groups` runs of equal length of the distinct times of t0.

    The chosen runs are the test. A row of the others trains where its label (t0, t1] overlaps no label of the test, and
    is purged where it does; a row decided after a test label was known trains only from the embargo on. Rows of one
    time stay together. Every row is tested in C(groups - 1, tested - 1) splits.

    Raises:
        BadData: fewer distinct times than groups, or no group is left to train on or to test.

    """
    times = t0.unique().sort()
    if not 0 < tested < groups or len(times) < groups:
        raise BadData(f"{tested} of {groups} groups cannot be tested with {len(times)} distinct times")
    if math.comb(groups, tested) > _MOST:
        raise BadData(f"{tested} of {groups} groups: {math.comb(groups, tested):,} ways; at most {_MOST:,}")
    rows = pl.DataFrame({"t0": t0, "t1": t1})
    parts = np.array_split(np.arange(len(times)), groups)
    runs = [(times[int(part[0])], times[int(part[-1])]) for part in parts]
    spans = [_span(rows, first, last) for first, last in runs]
    for chosen in combinations(range(groups), tested):
        yield _split(rows, [runs[number] for number in chosen], [spans[number] for number in chosen], embargo)


def _span(rows: pl.DataFrame, first: datetime, last: datetime) -> datetime:
    """Return the latest t1 of the labels decided in a run: what its test reaches to."""
    return rows.filter(pl.col("t0").is_between(first, last)).select(pl.col("t1").max()).item()


def _split(
    rows: pl.DataFrame, runs: Sequence[tuple[datetime, datetime]], ends: Sequence[datetime], embargo: timedelta
) -> Split:
    test, kept = pl.lit(value=False), pl.lit(value=True)
    for (first, last), end in zip(runs, ends, strict=True):
        test |= pl.col("t0").is_between(first, last)
        # Before the run the label must be known by its first decision, after it be decided when the last label is.
        kept &= (pl.col("t1") <= first) | (pl.col("t0") >= end + embargo)
    told = rows.select(test=test, train=kept & ~test)
    return Split(*(told[name].arg_true().to_numpy().astype(np.intp) for name in ("train", "test")))
