"""Regimes: found where they are, causal, and the same again."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from models.regime import gaussian_mixture
from models.regime.gaussian_mixture import FEATURES, REGIMES
from tests.fakes.random_panel import START
from trading.errors import BadData
from trading.indicators.causality import leaks

LEVELS = (0.002, 0.008, 0.04)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Two symbols that change among three volatilities every 50 bars, the second ten times as volatile as the first."""
    rng = np.random.default_rng(41)
    parts: list[pl.DataFrame] = []
    for symbol, factor in (("A/USD", 1.0), ("B/USD", 10.0)):
        state = np.repeat(rng.permutation(np.tile([0, 1, 2], 6)), 50)
        level = np.array(LEVELS)[state] * factor * np.exp(rng.normal(0, 0.15, len(state)))
        parts.append(
            pl.DataFrame(
                {
                    "symbol": symbol,
                    "ts": [START + timedelta(hours=row) for row in range(len(state))],
                    "volatility_24": level,
                    "parkinson_24": level * np.exp(rng.normal(0, 0.15, len(state))),
                    "truth": [REGIMES[place] for place in state],
                }
            )
        )
    return pl.concat(parts)


def test_it_finds_the_planted_regimes(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    labels = gaussian_mixture.predict(model, frame).join(frame, on=["symbol", "ts"])
    assert labels.height == frame.height
    assert (labels["regime"] == labels["truth"]).mean() > 0.9
    assert labels["probability"].is_between(1 / 3 - 1e-9, 1 + 1e-9).all()
    assert sum(model.scores[f"weight_{name}"] for name in REGIMES) == pytest.approx(1)
    rows = np.array(json.loads(model.artefact)["transitions"])
    assert rows.sum(axis=1) == pytest.approx(1)
    assert (rows.argmax(axis=1) == [0, 1, 2]).all()


def test_a_label_is_not_changed_by_later_data(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    cuts = [START + timedelta(hours=hour) for hour in range(10, 790, 38)]
    assert leaks(lambda part: gaussian_mixture.predict(model, part), frame, cuts, tolerance=1e-12) == []


def test_the_same_fit_gives_the_same_model(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    assert gaussian_mixture.fit(frame.sample(fraction=1, shuffle=True, seed=2), seed=1) == model


def test_incomplete_rows_are_dropped_counted_and_not_labelled(frame: pl.DataFrame):
    holed = frame.with_columns(
        volatility_24=pl.when(pl.int_range(pl.len()) < 40).then(None).otherwise(pl.col("volatility_24"))
    )
    model = gaussian_mixture.fit(holed, seed=1)
    assert model.scores["rows_dropped"] == 40
    assert gaussian_mixture.predict(model, holed).height == frame.height - 40


def test_an_unknown_symbol_and_a_market_that_stands_still_are_labelled(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    labels = gaussian_mixture.predict(
        model, frame.with_columns(pl.lit("C/USD").alias("symbol"), pl.col(FEATURES) * 0.0)
    )
    assert labels.height == frame.height
    assert labels["regime"].unique().to_list() == ["calm"]


def test_shocks_beyond_every_state_still_have_a_label(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    shocked = frame.with_columns(pl.col(FEATURES) * 1e6)
    labels = gaussian_mixture.predict(model, shocked)
    assert labels["probability"].is_finite().all()
    assert labels["regime"].unique().to_list() == ["turbulent"]


def test_damage_and_wrong_input_are_named(frame: pl.DataFrame):
    model = gaussian_mixture.fit(frame, seed=1)
    with pytest.raises(BadData, match="is damaged"):
        gaussian_mixture.predict(replace(model, artefact=model.artefact.replace("1", "2", 1)), frame)
    with pytest.raises(BadData, match="parkinson_24 is missing"):
        gaussian_mixture.predict(model, frame.drop("parkinson_24"))
    with pytest.raises(BadData, match="299 complete rows of 299; 300 are needed"):
        gaussian_mixture.fit(frame.head(299), seed=1)
    with pytest.raises(BadData, match="the volatility of A/USD, B/USD never changes"):
        gaussian_mixture.fit(frame.with_columns(pl.lit(0.01).alias(name) for name in FEATURES), seed=1)
    assert gaussian_mixture.predict(model, frame.clear()).is_empty()
