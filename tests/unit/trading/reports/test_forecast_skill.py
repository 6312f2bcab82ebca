"""Scores in words: no promise, and the fairest naive comparison."""

import pytest

from trading.reports.forecast_skill import in_words


@pytest.mark.parametrize(
    ("skill", "expected"),
    [(0.02, "2.00% smaller"), (-0.03, "3.00% larger"), (0.0005, "that of expecting no change: no skill")],
)
def test_the_error_is_compared_with_expecting_no_change(skill: float, expected: str) -> None:
    assert expected in in_words({"rmse_skill_vs_zero": skill})


@pytest.mark.parametrize(
    ("hit", "up", "expected"),
    [
        (0.533, 0.458, "worse than always saying down (54.2%)"),
        (0.56, 0.458, "better than always saying down (54.2%)"),
        (0.52, 0.52, "no better than always saying up (52.0%)"),
    ],
)
def test_the_direction_is_compared_with_the_better_constant_guess(hit: float, up: float, expected: str) -> None:
    assert expected in in_words({"rmse_skill_vs_zero": 0.0, "hit_rate": hit, "hit_rate_always_up": up})


def test_what_is_no_forecast_is_not_scored() -> None:
    assert in_words({}).startswith("Not a forecast")
