"""Drift: silent on history like the training's, loud where features or errors are others, by formula."""

import math
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from models import drift
from tests.fakes.random_panel import START, random_panel
from trading.errors import BadData
from trading.indicators.technical import FEATURES, technical_features
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


def frame(values: np.ndarray, symbol: str = "A/USD") -> pl.DataFrame:
    ts = [START + timedelta(hours=hour) for hour in range(len(values))]
    return pl.DataFrame({"symbol": symbol, "ts": ts, "x": values})


def test_the_indices_are_those_of_the_formulas():
    chance = np.random.default_rng(1)
    known = drift.ranges(frame(chance.normal(size=5000)), ["x"])
    later = chance.normal(1.0, 1, drift.WINDOW)
    (row,) = drift.measure(known, frame(later)).to_dicts()
    edges = np.array(known["edges"][0].to_list())
    assert len(edges) == drift.PARTS - 1
    seen = np.array(
        [
            ((later >= low) & (later < high)).mean()
            for low, high in zip([-math.inf, *edges], [*edges, math.inf], strict=True)
        ]
    )
    expected = np.full(drift.PARTS, 0.1)
    floor = np.maximum(seen, drift.FLOOR)
    assert row["psi"] == pytest.approx(((floor - expected) * np.log(floor / expected)).sum(), rel=1e-3)
    assert row["ks"] == pytest.approx(np.abs(np.cumsum(seen) - np.cumsum(expected)).max(), abs=1e-3)
    assert row["drifted"]
    assert not drift.measure(known, frame(chance.normal(size=drift.WINDOW)))["drifted"].any()


@pytest.mark.parametrize("seed", range(4))
def test_no_alarm_on_more_of_the_seeded_market(seed: int):
    print(f"seed {seed}")
    panel = bars(seed, DEFAULT_SPECS, HOUR, START, START + timedelta(days=150))
    features = technical_features(panel, HOUR)
    cut = START + timedelta(days=120)
    known = drift.ranges(features.filter(pl.col("ts") < cut), FEATURES)
    for day in range(1, 31, 4):
        past = features.filter(pl.col("ts") < cut + timedelta(days=day))
        for (symbol,), own in past.group_by("symbol"):
            assert drift.of_features(drift.measure(known, own)) is None, (symbol, day)


def test_a_market_of_another_kind_is_told_by_its_features():
    calm = technical_features(random_panel(3, 2000), HOUR)
    known = drift.ranges(calm, FEATURES)
    own = calm.filter(symbol="A/USD")
    for share, told in ((0.2, False), (0.3, True)):
        moved = FEATURES[: math.ceil(share * len(FEATURES))]
        other = own.with_columns(pl.col(name) + 4 * pl.col(name).std() for name in moved)
        said = drift.of_features(drift.measure(known, other))
        assert (said is not None) == told
        if said:
            assert f"of {len(FEATURES)} features are not as in training: " in said


def test_constant_few_and_missing_values():
    constant = drift.ranges(frame(np.full(1000, 3.0)), ["x"])
    assert not drift.measure(constant, frame(np.full(300, 3.0)))["drifted"].any()
    assert drift.measure(constant, frame(np.full(300, 2.0)))["drifted"].all()
    assert drift.measure(constant, frame(np.full(drift.LEAST - 1, 2.0))).is_empty()
    assert drift.of_features(drift.measure(constant, frame(np.full(1, 2.0)))) is None
    assert drift.measure(constant, frame(np.full(300, math.nan))).is_empty()
    with pytest.raises(BadData, match="column x is missing"):
        drift.measure(constant, frame(np.full(300, 3.0)).drop("x"))
    with pytest.raises(BadData, match="no complete row"):
        drift.ranges(frame(np.full(5, math.nan)), ["x"])


SCORES = {"standard_error": 1.1, "quantile_10": -1.3, "quantile_90": 1.3}


def outcomes(errors: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"expected_return": 0.0, "sigma": 0.011, "label": errors * 0.01})


def test_forecasts_that_are_off_or_out_of_their_band_are_told():
    chance = np.random.default_rng(5)
    sound = chance.normal(size=240)
    assert drift.of_forecasts(outcomes(sound), SCORES, 4) is None
    assert "mean error" in (drift.of_forecasts(outcomes(sound + 1.5), SCORES, 4) or "")
    assert "80 % band held" in (drift.of_forecasts(outcomes(sound * 4), SCORES, 4) or "")
    assert drift.of_forecasts(outcomes(sound[:90] + 9), SCORES, 4) is None
    assert drift.of_forecasts(outcomes(sound * math.nan), SCORES, 4) is None
    assert drift.of_forecasts(outcomes(sound * 4), {"standard_error": 1.1}, 4) is None


def test_false_alarms_of_forecasts_are_rare_also_with_overlapping_labels_and_fat_tails():
    chance = np.random.default_rng(6)
    alarms = 0
    for _ in range(300):
        moves = chance.standard_t(3, 243) / math.sqrt(3)
        errors = np.convolve(moves, np.ones(4) / 2, "valid")
        alarms += drift.of_forecasts(outcomes(errors), SCORES, 4) is not None
    assert alarms <= 1
