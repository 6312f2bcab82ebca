"""The deflated Sharpe ratio: the numbers of the paper, its limits, and what it says of pure chance."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from trading.performance.deflated_sharpe import deflated_sharpe, expected_best, probabilistic_sharpe

#: The example of Bailey and López de Prado (2014): five years of daily returns, a Sharpe ratio of 2.5 a year.
SHARPE, COUNT, SKEW, KURTOSIS = 2.5 / math.sqrt(250), 1250, -3.0, 7.0
#: The variance of the ratios that were tried: 1/2 a year.
SPREAD = 0.5 / 250


def test_the_example_of_the_paper() -> None:
    best = expected_best(100, SPREAD)
    assert best == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic_sharpe(SHARPE, COUNT, SKEW, KURTOSIS, best) == pytest.approx(0.9004, abs=5e-5)


@pytest.mark.parametrize(("trials", "skew", "kurtosis"), [(46, SKEW, KURTOSIS), (88, 0.0, 0.0)])
def test_how_many_trials_the_paper_lets_pass(trials: int, skew: float, kurtosis: float) -> None:
    """At 95 %: 46 trials with the tails of the example, 88 with normal ones."""
    assert probabilistic_sharpe(SHARPE, COUNT, skew, kurtosis, expected_best(trials, SPREAD)) > 0.95
    assert probabilistic_sharpe(SHARPE, COUNT, skew, kurtosis, expected_best(trials + 1, SPREAD)) < 0.95


def test_by_hand() -> None:
    """Ratio 0.1, 101 returns, normal: 0.1 * 10 / sqrt(1 + 0.005)."""
    assert probabilistic_sharpe(0.1, 101, 0.0, 0.0) == pytest.approx(NormalDist().cdf(1 / math.sqrt(1.005)))
    tried = [0.0, 0.2]  # variance 0.02
    first, second = NormalDist().inv_cdf(0.5), NormalDist().inv_cdf(1 - 1 / (2 * math.e))
    least = math.sqrt(0.02) * (0.4227843350984671 * first + 0.5772156649015329 * second)
    assert deflated_sharpe(0.2, 101, 0.0, 0.0, tried, 2) == pytest.approx(
        NormalDist().cdf((0.2 - least) * 10 / math.sqrt(1 + 0.5 * 0.04))
    )


def test_its_limits() -> None:
    assert probabilistic_sharpe(0.0, 500, 1.0, 5.0) == 0.5
    assert probabilistic_sharpe(0.3, 500, 0.0, 0.0, 0.3) == 0.5
    assert probabilistic_sharpe(0.3, 10**6, 0.0, 0.0) == pytest.approx(1.0)
    assert probabilistic_sharpe(-0.3, 10**6, 0.0, 0.0) == pytest.approx(0.0)
    assert probabilistic_sharpe(0.3, 1, 0.0, 0.0) == 0.5
    one = deflated_sharpe(0.1, 200, 0.0, 0.0, [0.1], 1)
    assert one == probabilistic_sharpe(0.1, 200, 0.0, 0.0)
    assert deflated_sharpe(0.1, 200, 0.0, 0.0, [0.1] * 5, 5) == pytest.approx(one)
    more = [deflated_sharpe(0.1, 200, 0.0, 0.0, [0.0, 0.1, -0.1], trials) for trials in (3, 30, 300, 3000)]
    assert more == sorted(more, reverse=True)
    assert len(set(more)) == 4


def test_fat_tails_and_losses_lower_it() -> None:
    normal = probabilistic_sharpe(0.1, 200, 0.0, 0.0)
    assert probabilistic_sharpe(0.1, 200, -2.0, 4.0) < normal
    assert probabilistic_sharpe(0.1, 200, 0.0, 10.0) < normal


def test_a_kurtosis_that_no_distribution_has_is_none() -> None:
    """A skew of 4 has a kurtosis of 17 at least, whatever a sample says: 1 - 0.4 + 0.04 is its variance."""
    assert probabilistic_sharpe(0.1, 50, 4.0, 0.0) == pytest.approx(NormalDist().cdf(0.1 * 7 / 0.8))
    assert 0 < probabilistic_sharpe(0.5, 50, 4.0, 0.0) <= 1


def test_the_best_of_many_by_chance_is_seen_through() -> None:
    chance = np.random.default_rng(11)
    plain, deflated = [], []
    for _ in range(200):
        ratios = [float(each) for each in chance.normal(0, 1 / math.sqrt(400), 50)]
        plain.append(probabilistic_sharpe(max(ratios), 400, 0.0, 0.0))
        deflated.append(deflated_sharpe(max(ratios), 400, 0.0, 0.0, ratios, 50))
    assert np.mean(np.array(plain) >= 0.95) > 0.85
    assert np.mean(np.array(deflated) >= 0.95) < 0.1
    assert 0.35 < float(np.mean(deflated)) < 0.65
