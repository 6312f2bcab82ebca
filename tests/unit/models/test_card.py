"""The card of a model: it says where the model comes from and what it is worth, also of one that is damaged."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from adapters.bar_image import markdown
from models import card
from models.forecast import lightgbm_return, linear_return
from models.labels import training_set
from tests.fakes.random_panel import random_panel
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
USED = ("volatility_24", "rsi_14", "close_z_24")


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    panel = random_panel(31, 900)
    return training_set(technical_features(panel, HOUR), panel, HOUR, 4)


def test_a_card_tells_origin_worth_features_and_states(rows: pl.DataFrame):
    for model in (lightgbm_return.fit(rows, USED, 4, 1, folds=2), linear_return.fit(rows, USED, 4, 1, folds=2)):
        shares = card.importance(model)
        assert set(shares) == set(USED)
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
        assert set(card.coverages(model)) == {"50 % promised", "80 % promised", "90 % promised"}
        state = {"at": datetime(2024, 1, 1, tzinfo=UTC), "state": "shadow", "who": "me", "why": "to see"}
        told = card.markdown(model, [state])
        for said in (model.model_id, model.data_hash, "`rsi_14`", "80 % band", "**shadow** by me: to see"):
            assert said in told
    damaged = replace(model, artefact="nothing")
    assert "not known: its text is no line" in card.markdown(damaged)


def test_the_parts_of_a_forecast_sum_to_it(rows: pl.DataFrame):
    model = lightgbm_return.fit(rows, USED, 4, 1, folds=2)
    parts, told = lightgbm_return.explain(model, rows), lightgbm_return.predict(model, rows)
    assert parts.select("symbol", "ts").equals(told.select("symbol", "ts"))
    whole = parts.select(pl.sum_horizontal(*USED, "bias")).to_series()
    assert (whole - told["expected_return"]).abs().max() < 1e-12
    assert lightgbm_return.explain(model, rows.clear()).is_empty()


def test_a_picture_has_a_bar_for_each_value_and_text_without_any():
    assert markdown("scores", {}) == "**scores**: nothing to show"
    assert markdown("scores", {"a": 1.0, "b": -2.0}).startswith("**scores**\n\n![scores](data:image/svg+xml;base64,")
    assert markdown("scores", {"zero": 0.0}).startswith("**scores**")
