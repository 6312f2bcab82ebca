"""The line: equal to least squares where nothing is penalised, finds what is there, and names what is wrong."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.forecast import linear_return, ridge
from models.labels import training_set
from models.model import build
from tests.fakes.random_panel import random_panel
from trading.errors import BadData
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
USED = ("volatility_24", "rsi_14", "close_z_24")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    panel = random_panel(31, 900)
    found = training_set(technical_features(panel, HOUR), panel, HOUR, 4)
    noise = pl.Series(np.random.default_rng(31).normal(size=found.height))
    return found.with_columns(label=((pl.col("rsi_14") - 50) / 10 + noise) * pl.col("volatility_24") * 2)


def test_without_penalty_it_is_least_squares():
    chance = np.random.default_rng(5)
    x = chance.uniform(-1, 1, (300, 4))
    y = x @ np.array([1.0, -2.0, 0.5, 0.0]) + 3 + chance.normal(size=300)
    line = ridge.draw(x, y, 0.0)
    whole = np.column_stack([x, np.ones(300)])
    assert line(x) == pytest.approx(whole @ np.linalg.lstsq(whole, y, rcond=None)[0])
    heavy = ridge.draw(x, y, 1e9)
    assert heavy(x) == pytest.approx(np.full(300, y.mean()), abs=1e-6)
    again = ridge.of_text(line.text())
    assert np.array_equal(again(x), line(x))


def test_a_constant_feature_changes_nothing():
    chance = np.random.default_rng(6)
    x, y = chance.normal(size=(200, 2)), chance.normal(size=200)
    wide = np.column_stack([x, np.full(200, 7.0)])
    assert ridge.draw(wide, y, 0.1)(wide) == pytest.approx(ridge.draw(x, y, 0.1)(x))
    assert ridge.of_text(ridge.draw(wide, y, 0.1).text())(wide) == pytest.approx(ridge.draw(x, y, 0.1)(x))


def test_it_finds_a_planted_relation_and_is_repeatable(rows: pl.DataFrame):
    model = linear_return.fit(rows, USED, 4, seed=1)
    assert model.scores["information_coefficient"] > 0.5
    assert model.scores["rmse_skill_vs_zero"] > 0.15
    assert linear_return.fit(rows.sample(fraction=1, shuffle=True, seed=3), USED, 4, seed=1) == model
    told = linear_return.predict(model, rows).join(rows, on=["symbol", "ts"])
    assert told.filter(pl.col("rsi_14") > 65)["expected_return"].mean() > 0
    assert (told["sigma"] > 0).all()
    assert linear_return.predict(model, rows.clear()).is_empty()


def test_damage_and_wrong_input_are_named(rows: pl.DataFrame):
    model = linear_return.fit(rows, USED, 4, seed=1)
    with pytest.raises(BadData, match="rsi_14 is missing"):
        linear_return.predict(model, rows.drop("rsi_14"))
    with pytest.raises(BadData, match="is damaged"):
        linear_return.predict(replace(model, artefact=model.artefact.replace("1", "2")), rows)
    with pytest.raises(BadData, match="is damaged"):
        linear_return.predict(replace(model, features=USED[::-1]), rows)
    with pytest.raises(BadData, match="unknown parameter depth"):
        linear_return.fit(rows, USED, 4, seed=1, params={"depth": 3})
    with pytest.raises(BadData, match="300 are needed"):
        linear_return.fit(rows.head(1), USED, 4, seed=1)
    told = {name: value for name, value in vars(model).items() if name not in ("model_id", "artefact", "features")}
    for text in ("no line", "[1, 2]"):
        with pytest.raises(BadData, match="its text is no line"):
            linear_return.predict(build(features=USED, artefact=text, **told), rows)
    with pytest.raises(BadData, match="its line has 3 weights, not 2"):
        linear_return.predict(build(features=USED[:2], artefact=model.artefact, **told), rows)
