"""The boosted trees: find what is there, find nothing where nothing is, and come back the same."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.forecast import lightgbm_return, naive
from models.labels import training_set
from models.model import build
from tests.fakes.random_panel import random_panel
from trading.errors import BadData
from trading.indicators.causality import leaks
from trading.indicators.technical import FEATURES, technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
USED = ("volatility_24", "rsi_14", "close_z_24")
QUICK: dict[str, int | float | str | bool] = {"rounds": 20}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    panel = random_panel(31, 900)
    return training_set(technical_features(panel, HOUR), panel, HOUR, 4)


@pytest.fixture(scope="module")
def planted(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose label follows rsi_14, with noise of the same size."""
    noise = pl.Series(np.random.default_rng(31).normal(size=rows.height))
    return rows.with_columns(label=((pl.col("rsi_14") - 50) / 10 + noise) * pl.col("volatility_24") * 2)


def test_it_finds_a_planted_relation_and_beats_the_baselines(planted: pl.DataFrame):
    model = lightgbm_return.fit(planted, USED, 4, seed=1)
    assert model.scores["information_coefficient"] > 0.5
    assert model.scores["rmse_skill_vs_zero"] > 0.15
    assert model.scores["rmse_skill_vs_past_mean"] > 0.15
    assert model.scores["rows_trained"] + model.scores["rows_dropped"] == planted.height
    forecast = lightgbm_return.predict(model, planted).join(planted, on=["symbol", "ts"])
    high = forecast.filter(pl.col("rsi_14") > 65)["expected_return"].mean()
    assert high > 0 > forecast.filter(pl.col("rsi_14") < 35)["expected_return"].mean()


def test_it_claims_nothing_on_a_random_walk(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, FEATURES, 4, seed=1)
    assert abs(model.scores["information_coefficient"]) < 0.15
    assert model.scores["rmse_skill_vs_zero"] < 0.02


def test_the_same_fit_gives_the_same_model_and_another_seed_another(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, USED, 4, seed=1, params=QUICK)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)
    assert lightgbm_return.fit(shuffled, USED, 4, seed=1, params=QUICK) == model
    assert lightgbm_return.fit(rows, USED, 4, seed=2, params=QUICK).artefact != model.artefact


def test_forecasts_are_finite_causal_and_left_out_where_a_feature_is_unknown(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, USED, 4, seed=1, params=QUICK)
    frame = rows.select("symbol", "ts", *USED).with_columns(
        rsi_14=pl.when(pl.int_range(pl.len()) == 700).then(float("nan")).otherwise(pl.col("rsi_14"))
    )
    forecasts = lightgbm_return.predict(model, frame)
    assert tuple(forecasts.columns) == lightgbm_return.FORECAST
    complete = frame.drop_nulls().filter(pl.col("rsi_14").is_not_nan())
    assert forecasts.select("symbol", "ts").equals(complete.select("symbol", "ts").sort("symbol", "ts"))
    assert forecasts.select(pl.all_horizontal(pl.col("expected_return", "sigma").is_finite()).all()).item()
    assert (forecasts["sigma"] > 0).all()
    cut = frame["ts"][500]
    assert leaks(lambda part: lightgbm_return.predict(model, part), frame, [cut]) == []
    assert lightgbm_return.predict(model, frame.head(5)).is_empty()


def test_damage_and_wrong_input_are_named(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, USED, 4, seed=1, params=QUICK)
    with pytest.raises(BadData, match="rsi_14 is missing"):
        lightgbm_return.predict(model, rows.drop("rsi_14"))
    with pytest.raises(BadData, match="rsi_14 holds text"):
        lightgbm_return.predict(model, rows.with_columns(pl.col("rsi_14").cast(pl.String)))
    with pytest.raises(BadData, match="is damaged"):
        lightgbm_return.predict(replace(model, artefact=model.artefact[:-100]), rows)
    with pytest.raises(BadData, match="is damaged"):
        lightgbm_return.predict(replace(model, features=("volatility_24", "close_z_24", "rsi_14")), rows)
    with pytest.raises(BadData, match="is a lightgbm_return, not a naive_mean_return"):
        naive.predict(model, rows)
    with pytest.raises(BadData, match="label is missing"):
        lightgbm_return.fit(rows.drop("label"), USED, 4, seed=1)
    with pytest.raises(BadData, match="unknown parameter depth"):
        lightgbm_return.fit(rows, USED, 4, seed=1, params={"depth": 3})
    with pytest.raises(BadData, match=r"complete training rows of 320; 300 are needed"):
        lightgbm_return.fit(rows.head(320), USED, 4, seed=1)


def test_a_text_that_is_no_model_and_trees_of_other_features_are_named(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, USED, 4, seed=1, params=QUICK)
    told = {
        "kind": model.kind,
        "params": model.params,
        "seed": 1,
        "trained_from": model.trained_from,
        "trained_to": model.trained_to,
        "data_hash": model.data_hash,
        "scores": model.scores,
    }
    with pytest.raises(BadData, match="its text is no LightGBM model"):
        lightgbm_return.predict(build(features=USED, artefact="no trees", **told), rows)
    with pytest.raises(BadData, match="other features"):
        lightgbm_return.predict(build(features=USED[::-1], artefact=model.artefact, **told), rows)


def test_too_many_folds_for_the_history_are_named(rows: pl.DataFrame):
    with pytest.raises(BadData, match="3000 folds need 3001 distinct times"):
        lightgbm_return.fit(rows, USED, 4, seed=1, folds=3000)
    late = rows.with_columns(pl.col("t1").dt.offset_by("10y"))
    with pytest.raises(BadData, match="no fold of 4 leaves enough rows"):
        lightgbm_return.fit(late, USED, 4, seed=1)


def test_the_naive_model_expects_the_mean_of_each_symbol(rows: pl.DataFrame):
    model = naive.fit(rows, 4)
    forecasts = naive.predict(model, rows)
    assert forecasts.height == rows.height
    for symbol in ("A/USD", "B/USD"):
        labels = rows.filter(pl.col("symbol") == symbol)["label"]
        told = forecasts.filter(pl.col("symbol") == symbol)
        assert told["expected_return"].unique().to_list() == pytest.approx([labels.mean()])
        assert told["sigma"].unique().to_list() == pytest.approx([labels.std()])
    assert naive.predict(model, rows.with_columns(symbol=pl.lit("C/USD"))).is_empty()
    with pytest.raises(BadData, match="no row has a label"):
        naive.fit(rows.clear(), 4)
