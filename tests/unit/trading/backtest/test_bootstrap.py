"""The stationary bootstrap: reproducible, unbiased, with blocks as long as asked and as the reference chooses them."""

import numpy as np
import pytest

from trading.backtest.bootstrap import Floats, Places, block_length, draws


def places(*arguments: object) -> Places:
    return np.concatenate(list(draws(*arguments)))  # type: ignore[arg-type]


def series(pull: float) -> Floats:
    noise = np.random.default_rng(5).standard_normal(1000)
    made = np.zeros(1000)
    for place in range(1, 1000):
        made[place] = pull * made[place - 1] + noise[place]
    return made


#: `optimal_block_length` of arch 8.0.0 for the stationary bootstrap of the same series.
REFERENCE = {0.0: 2.33661071, 0.3: 7.24472973, 0.6: 14.35042028, 0.9: 42.06505506, -0.5: 8.23477218}


@pytest.mark.parametrize(("pull", "length"), REFERENCE.items())
def test_the_length_of_a_block_is_that_of_the_reference(pull: float, length: float) -> None:
    assert block_length(series(pull)) == pytest.approx(length, rel=1e-6)


def test_a_series_without_any_dependence_or_movement() -> None:
    assert block_length(np.zeros(100)) == 1
    assert block_length(np.array([1.0, 2.0, 3.0])) == 1
    assert 1 <= block_length(np.sin(np.arange(60.0))) <= 20


def test_the_same_seed_draws_the_same_however_it_is_cut() -> None:
    first, again, other = places(50, 40, 5.0, 30, 7), places(50, 40, 5.0, 30, 7), places(50, 40, 5.0, 30, 8)
    assert first.shape == (30, 40)
    assert (first == again).all()
    assert (first != other).any()
    assert set(np.unique(first)) <= set(range(50))
    long = [each.shape for each in draws(10, 1_500_000, 3.0, 3, 7)]
    assert long == [(1, 1_500_000)] * 3


def test_each_value_is_drawn_as_often_as_any_other() -> None:
    counts = np.bincount(places(20, 1000, 7.0, 400, 3).ravel(), minlength=20) / 400_000
    assert counts == pytest.approx(np.full(20, 0.05), abs=0.002)


@pytest.mark.parametrize("block", [1.0, 4.0, 25.0])
def test_blocks_go_on_as_long_as_asked(block: float) -> None:
    drawn = places(1000, 1000, block, 200, 9)
    goes_on = ((drawn[:, 1:] - drawn[:, :-1]) % 1000 == 1).mean()
    assert goes_on == pytest.approx(1 - 1 / block, abs=0.01)


def test_the_spread_of_the_mean_is_that_of_the_series() -> None:
    """Means of an AR(1) of 0.6 spread 2.5 times as wide as those of its values drawn alone."""
    values = series(0.6)
    alone, blocks = (values[places(1000, 1000, block, 800, 1)].mean(axis=1) for block in (1.0, 30.0))
    assert float(alone.mean()) == pytest.approx(float(values.mean()), abs=0.01)
    assert float(blocks.mean()) == pytest.approx(float(values.mean()), abs=0.02)
    assert float(alone.std()) == pytest.approx(float(values.std()) / np.sqrt(1000), rel=0.1)
    assert 1.5 < float(blocks.std() / alone.std()) < 2.6
