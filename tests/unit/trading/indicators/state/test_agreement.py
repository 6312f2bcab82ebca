"""Stored features against the states: what is the same agrees, and each kind of difference is named with its bar."""

import math
from datetime import timedelta

import polars as pl
import pytest

from tests.fakes.random_panel import START
from trading.candle import PANEL
from trading.indicators.state.agreement import TOLERANCES, agreement
from trading.indicators.technical import FEATURES, STORED, technical_features
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
#: The bar that is changed: every feature has a value there.
BAR = START + timedelta(hours=450)
SYMBOL = DEFAULT_SPECS[0].symbol


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return (
        bars(5, DEFAULT_SPECS[:2], HOUR, START, START + timedelta(hours=500)).select(PANEL.names()).sort("symbol", "ts")
    )


@pytest.fixture(scope="module")
def stored(panel: pl.DataFrame) -> pl.DataFrame:
    return technical_features(panel, HOUR)


def here() -> pl.Expr:
    return (pl.col("symbol") == SYMBOL) & (pl.col("ts") == BAR)


def changed(stored: pl.DataFrame, name: str, value: pl.Expr) -> pl.DataFrame:
    return stored.with_columns(pl.when(here()).then(value).otherwise(pl.col(name)).alias(name))


def different(panel: pl.DataFrame, stored: pl.DataFrame) -> list[tuple[object, ...]]:
    return agreement(panel, stored, HOUR).differences.select("symbol", "ts", "feature").rows()


def test_what_is_computed_at_once_agrees(panel: pl.DataFrame, stored: pl.DataFrame) -> None:
    agreed = agreement(panel, stored, HOUR)
    assert agreed.differences.is_empty()
    assert agreed.rows == 1000
    assert 0 < agreed.largest < 1e-10


def test_each_feature_may_be_off_by_its_rounding_and_no_more(panel: pl.DataFrame, stored: pl.DataFrame) -> None:
    assert list(TOLERANCES) == list(STORED)
    assert stored.select("symbol", "ts", *FEATURES).filter(here()).null_count().sum_horizontal().item() == 0
    scale = {name: max(abs(stored.filter(here())[name].item()), 1.0) for name in FEATURES}
    # An exact one may not be off by what a double can just tell.
    over = {name: 2 * max(TOLERANCES[name], 1e-15) * scale[name] for name in FEATURES}
    under = {name: 0.4 * TOLERANCES[name] * scale[name] for name in FEATURES}
    shifted = stored.with_columns(pl.when(here()).then(pl.col(n) + by).otherwise(pl.col(n)) for n, by in over.items())
    assert different(panel, shifted) == sorted((SYMBOL, BAR, name) for name in FEATURES)
    shifted = stored.with_columns(pl.when(here()).then(pl.col(n) + by).otherwise(pl.col(n)) for n, by in under.items())
    assert different(panel, shifted) == []


def test_a_half_life_is_compared_by_what_a_bar_leaves(panel: pl.DataFrame, stored: pl.DataFrame) -> None:
    name = "half_life_168"
    slowest = stored.filter(pl.col(name) == pl.col(name).max())
    place = (pl.col("symbol") == slowest["symbol"][0]) & (pl.col("ts") == slowest["ts"][0])
    left = 0.5 ** (1 / slowest[name][0])
    for times, found in ((0.4, []), (2.0, [(*slowest.select("symbol", "ts").row(0), name)])):
        value = -math.log(2) / math.log(left - times * TOLERANCES[name])
        shifted = stored.with_columns(pl.when(place).then(value).otherwise(pl.col(name)).alias(name))
        assert different(panel, shifted) == found


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_is_none_differs(panel: pl.DataFrame, stored: pl.DataFrame, value: float | None) -> None:
    agreed = agreement(panel, changed(stored, "rsi_14", pl.lit(value, dtype=pl.Float64)), HOUR)
    assert agreed.differences.select("symbol", "ts", "feature").rows() == [(SYMBOL, BAR, "rsi_14")]
    assert agreed.differences["off"].to_list() == [float("inf")]
    assert agreed.largest < 1e-10


def test_a_value_in_the_warm_up_differs(panel: pl.DataFrame, stored: pl.DataFrame) -> None:
    first = pl.col("ts") == START
    filled = stored.with_columns(rsi_14=pl.when(first).then(50.0).otherwise(pl.col("rsi_14")))
    assert [row[2] for row in different(panel, filled)] == ["rsi_14", "rsi_14"]


def test_rows_and_bars_that_are_alone_differ(panel: pl.DataFrame, stored: pl.DataFrame) -> None:
    agreed = agreement(panel, stored.filter(~here()), HOUR)
    assert agreed.rows == 999
    assert agreed.differences.select("symbol", "ts", "feature").rows() == [(SYMBOL, BAR, None)]
    last = START + timedelta(hours=499)
    assert different(panel.filter(pl.col("ts") < last), stored) == [
        (spec.symbol, last, None) for spec in sorted(DEFAULT_SPECS[:2], key=lambda spec: spec.symbol)
    ]
    nothing = agreement(panel.clear(), stored.clear(), HOUR)
    assert (nothing.rows, nothing.largest, nothing.differences.height) == (0, 0.0, 0)
