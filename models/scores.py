"""Scores of return forecasts, each against a baseline that anyone could have: zero, the past mean, always up."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def information_coefficient(forecast: Array, outcome: Array) -> float:
    """Return the rank correlation (Spearman) of forecast and outcome, -1..1; 0 when either is constant."""
    return _correlation(ranks(forecast), ranks(outcome))


def rmse(forecast: Array, outcome: Array) -> float:
    """Return the root of the mean squared error, in the unit of the outcome."""
    return float(np.sqrt(np.mean((forecast - outcome) ** 2)))


def skill(forecast: Array, baseline: Array, outcome: Array) -> float:
    """Return 1 - RMSE(forecast) / RMSE(baseline): above 0 only if the forecast is better; 0 for a perfect baseline."""
    reference = rmse(baseline, outcome)
    return 1.0 - rmse(forecast, outcome) / reference if reference > 0 else 0.0


def hit_rate(forecast: Array, outcome: Array) -> float:
    """Return the share of right signs among rows where neither forecast nor outcome is zero; 0 when there are none."""
    told = (forecast != 0) & (outcome != 0)
    return float(np.mean(np.sign(forecast[told]) == np.sign(outcome[told]))) if told.any() else 0.0


def scorecard(forecast: Array, past_mean: Array, outcome: Array) -> dict[str, float]:
    """Return all scores of an out-of-sample forecast.

    Args:
        forecast: predicted log returns.
        past_mean: per row the mean outcome of the rows that its model was trained on.
        outcome: the log returns that came.

    """
    return {
        "rows_scored": float(len(outcome)),
        "information_coefficient": information_coefficient(forecast, outcome),
        "rmse": rmse(forecast, outcome),
        "rmse_skill_vs_zero": skill(forecast, np.zeros_like(outcome), outcome),
        "rmse_skill_vs_past_mean": skill(forecast, past_mean, outcome),
        "hit_rate": hit_rate(forecast, outcome),
        "hit_rate_always_up": hit_rate(np.ones_like(outcome), outcome),
    }


def _correlation(left: Array, right: Array) -> float:
    left, right = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / scale if scale > 0 else 0.0


def ranks(values: Array) -> Array:
    """Return the ranks of `values` from 1 on, ties sharing their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2.0)[place].astype(np.float64)
