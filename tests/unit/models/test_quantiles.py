"""Conformal quantiles: they hold what they promise on errors to come, and are missed where errors change."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from models import quantiles
from models.forecast import lightgbm_return, linear_return
from models.labels import training_set
from tests.fakes.random_panel import random_panel
from trading.errors import BadData
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
USED = ("volatility_24", "rsi_14")


def test_bands_hold_their_share_of_errors_to_come_also_with_few_known():
    chance = np.random.default_rng(3)
    for count in (19, 60, 500):
        held = dict.fromkeys(quantiles.BANDS, 0.0)
        for _ in range(400):
            known = quantiles.of_errors(chance.standard_t(3, count))
            new = chance.standard_t(3, 50)
            for share, (low, high) in quantiles.BANDS.items():
                held[share] += float(((new >= known[low]) & (new <= known[high])).mean()) / 400
        for share, part in held.items():
            assert share / 100 - 0.01 <= part <= share / 100 + 2.5 / count + 0.02, (count, held)


def test_coverage_is_that_of_the_fold_after_and_falls_where_errors_grow():
    chance = np.random.default_rng(4)
    calm, wild = chance.normal(size=4000), chance.normal(size=4000) * 2
    told = quantiles.of_folds([calm, chance.normal(size=4000)])
    assert told["coverage_80"] == pytest.approx(0.8, abs=0.02)
    assert told["quantile_90"] == pytest.approx(1.28, abs=0.06)
    assert quantiles.of_folds([calm, wild])["coverage_80"] < 0.55
    assert quantiles.of_folds([calm, wild])["quantile_90"] == pytest.approx(2.56, abs=0.15)
    assert "coverage_80" not in quantiles.of_folds([calm])
    with pytest.raises(BadData, match="no error out of sample"):
        quantiles.of_errors(np.empty(0))


@pytest.mark.parametrize("model", [lightgbm_return, linear_return])
def test_a_model_tells_its_bands_and_they_cover_out_of_sample(model):
    panel = random_panel(31, 1500)
    rows = training_set(technical_features(panel, HOUR), panel, HOUR, 4)
    made = model.fit(rows.filter(pl.col("ts") < rows["ts"].sort()[2400]), USED, 4, seed=1)
    assert made.scores["coverage_80"] == pytest.approx(0.8, abs=0.08)
    later = rows.filter(pl.col("ts") >= rows["ts"].sort()[2410])
    told = quantiles.bands(made, model.predict(made, later)).join(later, on=["symbol", "ts"]).drop_nulls("label")
    within = told["label"].is_between(told["quantile_10"], told["quantile_90"]).mean()
    assert within == pytest.approx(0.8, abs=0.12)
    names = [quantiles.name_of(level) for level in quantiles.LEVELS]
    for low, high in pairwise(names):
        assert (told[low] <= told[high]).all()


def test_a_model_without_quantiles_is_named():
    panel = random_panel(31, 900)
    rows = training_set(technical_features(panel, HOUR), panel, HOUR, 4)
    made = linear_return.fit(rows, USED, 4, seed=1)
    bare = type(made)(**{**vars(made), "scores": {"standard_error": 1.0}})
    with pytest.raises(BadData, match="has no quantiles"):
        quantiles.bands(bare, linear_return.predict(made, rows))
