"""Monte Carlo by hand: figures of known paths, bands around known truth, the same seed the same numbers."""

import math

import numpy as np
import pytest

from trading.backtest.monte_carlo import BANDS, figures, outcomes


def test_figures_by_hand() -> None:
    paths = np.array([[0.1, -0.5, 0.2], [-0.1, 0.0, 0.0], [0.0, 0.0, 0.0], [0.01, 0.01, 0.01]])
    found = figures(paths, 4.0)
    assert found["return"] == pytest.approx([1.1 * 0.5 * 1.2 - 1, -0.1, 0.0, 1.01**3 - 1])
    assert found["deepest_drawdown"] == pytest.approx([-0.5, -0.1, 0.0, 0.0])
    assert found["sharpe"][0] == pytest.approx(np.mean(paths[0]) / np.std(paths[0], ddof=1) * 2)
    assert [math.isnan(each) for each in found["sharpe"]] == [False, False, True, True]
    assert math.isnan(figures(np.array([[0.1]]), 4.0)["sharpe"][0])


def test_bands_hold_the_truth() -> None:
    returns = np.random.default_rng(3).normal(0.001, 0.01, 500)
    found = outcomes(returns, 1.0, 2000, 7, 365.0, 0.1)
    bands = found.bands["return"]
    assert bands is not None
    assert [*bands] == [*BANDS]
    assert [*bands.values()] == sorted(bands.values())
    log = np.log1p(returns)
    assert math.log1p(bands[50]) == pytest.approx(log.sum(), abs=0.02)
    assert math.log1p(bands[95]) - math.log1p(bands[5]) == pytest.approx(
        2 * 1.645 * log.std() * math.sqrt(500), rel=0.1
    )
    assert found.loss == pytest.approx(
        0.5 * math.erfc(log.sum() / (log.std() * math.sqrt(500)) / math.sqrt(2)), abs=0.03
    )
    assert 0 < found.beyond < 1
    assert outcomes(returns, 1.0, 2000, 7, 365.0, 0.1) == found
    assert outcomes(returns, 1.0, 2000, 8, 365.0, 0.1) != found


def test_a_limit_is_what_it_says() -> None:
    returns = np.array([0.1, -0.2])
    assert outcomes(returns, 1.0, 4000, 1, 1.0, 0.3).beyond == pytest.approx(0.25, abs=0.03)
    assert outcomes(returns, 1.0, 4000, 1, 1.0, 0.1).beyond == pytest.approx(0.75, abs=0.03)
    assert outcomes(returns, 1.0, 4000, 1, 1.0, 0.1).loss == pytest.approx(0.75, abs=0.03)
    assert outcomes(np.zeros(40), 1.0, 100, 1, 1.0, 0.1).bands["sharpe"] is None
