"""Folds: nothing is judged that was seen, nothing is left out, and too few bars are refused."""

import pytest

from trading.backtest.folds import LEAST_BARS, folds
from trading.errors import Misconfigured


@pytest.mark.parametrize("steps", [120, 121, 997, 1_000])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("train", [None, 1, 2, 50])
def test_parts_follow_each_other(steps: int, count: int, train: int | None) -> None:
    found = folds(steps, count, train)
    assert [one.number for one in found] == [*range(1, count + 1)]
    judged = [step for one in found for step in one.judged]
    assert judged == [*range(found[0].judged.start, steps)]
    for one in found:
        assert one.chosen.stop == one.judged.start
        assert not set(one.chosen) & set(one.judged)
        assert max(one.chosen) < min(one.judged)
        parts = min(one.number, train or one.number)
        assert abs(len(one.chosen) - parts * steps / (count + 1)) <= parts
        assert min(len(one.chosen), len(one.judged)) >= LEAST_BARS


def test_all_that_was_before_is_chosen_from() -> None:
    assert [one.chosen.start for one in folds(400, 3)] == [0, 0, 0]
    assert [one.chosen.start for one in folds(400, 3, 1)] == [0, 100, 200]


def test_too_few_bars_are_refused_by_name() -> None:
    folds(4 * LEAST_BARS, 3)
    with pytest.raises(Misconfigured, match="--folds 3: 119 traded bars are too few for 4 parts of at least 30"):
        folds(4 * LEAST_BARS - 1, 3)
