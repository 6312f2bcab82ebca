"""Bands of days: they hold what is true as often as they say, and days that hang together widen them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from models.bands import band, daily

START = datetime(2024, 1, 1, tzinfo=UTC)


def mean(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def days(values: np.ndarray) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))])


def test_sums_of_a_day_are_those_of_its_bars():
    frame = pl.DataFrame({"ts": [START + timedelta(hours=hour) for hour in range(48)], "x": np.arange(48.0), "y": 1.0})
    assert daily(frame.sample(fraction=1, shuffle=True, seed=1), ["x", "y"]).tolist() == [[276, 24], [852, 24]]


def test_a_band_holds_the_truth_about_as_often_as_it_says():
    chance = np.random.default_rng(1)
    held = 0
    for number in range(200):
        found = band(days(chance.normal(0.1, 1, 120)), mean, 200, number)
        held += found.low <= 0.1 <= found.high
    assert 165 <= held <= 195


def test_it_is_repeatable_and_wider_where_days_hang_together():
    chance = np.random.default_rng(2)
    apart = chance.normal(size=600)
    together = np.convolve(chance.normal(size=700), np.ones(20) / np.sqrt(20), "valid")[:600]
    one = band(days(apart), mean, 500, 7)
    assert one == band(days(apart), mean, 500, 7)
    assert one != band(days(apart), mean, 500, 8)
    other = band(days(together), mean, 500, 7)
    assert other.high - other.low > 2.5 * (one.high - one.low)
    same = band(days(np.full(50, 3.0)), mean, 100, 1)
    assert (same.value, same.low, same.high, same.above) == (3, 3, 3, 1)
