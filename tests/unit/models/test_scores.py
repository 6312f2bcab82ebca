"""Scores, on cases whose answer is known."""

import numpy as np
import pytest

from models.scores import hit_rate, information_coefficient, rmse, scorecard, skill

OUTCOME = np.array([1.0, -2.0, 3.0, -1.0, 0.0])


def test_a_perfect_forecast_has_full_marks_and_its_opposite_none():
    card = scorecard(OUTCOME, np.full(5, 0.2), OUTCOME)
    assert card == pytest.approx(
        {
            "rows_scored": 5,
            "information_coefficient": 1,
            "rmse": 0,
            "rmse_skill_vs_zero": 1,
            "rmse_skill_vs_past_mean": 1,
            "hit_rate": 1,
            "hit_rate_always_up": 0.5,
        }
    )
    assert information_coefficient(-OUTCOME, OUTCOME) == pytest.approx(-1)
    assert hit_rate(-OUTCOME, OUTCOME) == 0


def test_skill_is_below_zero_when_the_baseline_is_better():
    assert skill(-OUTCOME, np.zeros(5), OUTCOME) == pytest.approx(-1)
    assert skill(np.zeros(5), np.zeros(5), OUTCOME) == 0
    assert skill(OUTCOME, OUTCOME, OUTCOME) == 0
    assert rmse(OUTCOME + 2, OUTCOME) == pytest.approx(2)


def test_a_constant_forecast_has_no_information():
    assert information_coefficient(np.ones(5), OUTCOME) == 0
    assert hit_rate(np.zeros(5), OUTCOME) == 0


def test_the_information_coefficient_is_spearmans_with_ties():
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 4, 3: Pearson of the ranks, by hand.
    left, right = np.array([1.0, 5, 5, 9]), np.array([10.0, 20, 40, 30])
    ranks, other = np.array([-1.5, 0, 0, 1.5]), np.array([-1.5, -0.5, 1.5, 0.5])
    expected = (ranks @ other) / np.sqrt((ranks @ ranks) * (other @ other))
    assert information_coefficient(left, right) == pytest.approx(expected)
