"""Walk-forward splits, by brute force: no training label reaches into the test window."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from models.splits import walk_forward
from trading.errors import BadData

START = datetime(2024, 1, 1, tzinfo=UTC)


def events(seed: int) -> tuple[pl.Series, pl.Series]:
    """Decision and label times of a panel of three symbols with unequal labels, in random order."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    hours = rng.permutation(np.concatenate([rng.choice(300, 200, replace=False) for _ in range(3)]))
    spans = rng.integers(1, 30, len(hours))
    t0 = [START + timedelta(hours=int(hour)) for hour in hours]
    return pl.Series(t0), pl.Series([at + timedelta(hours=int(span)) for at, span in zip(t0, spans, strict=True)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("embargo", [0, 12])
def test_no_training_label_overlaps_a_test_label(seed: int, embargo: int):
    t0, t1 = events(seed)
    start, end = t0.to_numpy(), t1.to_numpy()
    wait = np.timedelta64(embargo, "h")
    tested: list[int] = []
    for split in walk_forward(t0, t1, 4, timedelta(hours=embargo)):
        assert len(split.train) > 0
        for row in split.test:
            assert not np.any((start[split.train] < end[row]) & (end[split.train] + wait > start[row]))
        tested += split.test.tolist()
        # And nothing is purged that need not be.
        first = start[split.test].min()
        assert set(split.train) == {row for row in range(len(start)) if end[row] + wait <= first}
    assert len(tested) == len(set(tested))
    assert start[tested].min() > start.min()
    assert start[tested].max() == start.max()


def test_rows_of_one_time_stay_together():
    t0, t1 = events(9)
    for split in walk_forward(t0, t1, 3):
        assert not set(t0[split.train.tolist()]) & set(t0[split.test.tolist()])


def test_too_few_times_are_an_error():
    t0, t1 = pl.Series([START, START]), pl.Series([START, START])
    with pytest.raises(BadData, match="4 folds need 5 distinct times, there are 1"):
        list(walk_forward(t0, t1, 4))
