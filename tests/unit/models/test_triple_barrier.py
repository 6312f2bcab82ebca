"""The triple barrier against a walk bar by bar, and on truncated history: a label that is known never changes."""

import math
from datetime import timedelta

import polars as pl
import pytest

from models.labels import direction, forward_return, training_set, triple_barrier, volatility
from tests.fakes.random_panel import random_panel
from trading.errors import BadData
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return random_panel(11, 400, gaps=12)


@pytest.fixture(scope="module")
def known(panel: pl.DataFrame) -> pl.DataFrame:
    return technical_features(panel, HOUR).select("symbol", "ts", "volatility_24")


def walked(bars: list[dict], scales: dict, horizon: int, take: float, stop: float) -> list[tuple[float | None, int]]:
    """Each bar followed by hand: what it met first, and after how many bars."""
    found: list[tuple[float | None, int]] = []
    for place, bar in enumerate(bars):
        scale, told = scales.get(bar["ts"]), (None, horizon)
        if scale:
            width = scale * math.sqrt(horizon)
            above, below = bar["close"] * math.exp(width * take), bar["close"] * math.exp(-width * stop)
            for step in range(1, horizon + 1):
                later = bars[place + step] if place + step < len(bars) else None
                if later is None or later["ts"] - bar["ts"] != step * timedelta(hours=1):
                    break
                if later["low"] <= below or later["high"] >= above:
                    told = (-1.0 if later["low"] <= below else 1.0, step)
                    break
            else:
                told = (0.0, horizon)
        found.append(told)
    return found


@pytest.mark.parametrize(("horizon", "take", "stop"), [(1, 1.0, 1.0), (8, 1.0, 0.7), (24, 0.6, 1.5)])
def test_it_is_what_a_walk_bar_by_bar_finds(
    panel: pl.DataFrame, known: pl.DataFrame, horizon: int, take: float, stop: float
):
    labels = triple_barrier(panel, known, HOUR, horizon, take, stop)
    assert {-1.0, 0.0, 1.0} <= set(labels["label"].drop_nulls().unique())
    for (symbol,), bars in panel.sort("symbol", "ts").group_by("symbol", maintain_order=True):
        own = labels.filter(pl.col("symbol") == symbol)
        scales = dict(known.filter(pl.col("symbol") == symbol).select("ts", "volatility_24").iter_rows())
        for row, (label, met) in zip(
            own.iter_rows(named=True), walked(bars.to_dicts(), scales, horizon, take, stop), strict=True
        ):
            assert (row["label"], row["t1"]) == (label, row["t0"] + met * timedelta(hours=1)), row
            assert row["t0"] == row["ts"] + timedelta(hours=1)


def test_a_label_that_is_known_rests_on_nothing_after_its_t1(panel: pl.DataFrame, known: pl.DataFrame):
    makers = {
        "triple": lambda part: triple_barrier(part, known, HOUR, 8, 1, 1),
        "return": lambda part: forward_return(part, HOUR, 4),
        "direction": lambda part: direction(part, HOUR, 4),
        "volatility": lambda part: volatility(part, HOUR, 4),
    }
    for cut in panel["ts"].unique().sort()[40::37]:
        past = panel.filter(pl.col("ts") < cut)
        for name, make in makers.items():
            whole = make(panel).filter(pl.col("t1") <= cut).sort("symbol", "ts")
            told = make(past).filter(pl.col("t1") <= cut).sort("symbol", "ts")
            assert whole.select("symbol", "ts", "t1").equals(told.select("symbol", "ts", "t1")), (name, cut)
            assert whole["label"].is_null().equals(told["label"].is_null()), (name, cut)
            assert (whole["label"] - told["label"]).abs().max() <= 1e-12, (name, cut)


def test_what_only_later_bars_could_tell_is_null(panel: pl.DataFrame, known: pl.DataFrame):
    labels = triple_barrier(panel, known, HOUR, 24, 50, 50)
    ends = dict(panel.group_by("symbol").agg(pl.col("ts").max()).iter_rows())
    for symbol, ts in labels.filter(pl.col("label").is_not_null()).select("symbol", "ts").iter_rows():
        assert ts + timedelta(hours=24) <= ends[symbol]
    assert labels["label"].drop_nulls().unique().to_list() == [0.0]
    dull = known.with_columns(volatility_24=pl.lit(float("nan")))
    assert triple_barrier(panel, dull, HOUR, 4, 1, 1)["label"].null_count() == panel.height
    assert triple_barrier(panel.clear(), known, HOUR, 4, 1, 1).is_empty()
    assert triple_barrier(panel.head(1), known, HOUR, 4, 1, 1)["label"].to_list() == [None]
    with pytest.raises(BadData, match="take 0"):
        triple_barrier(panel, known, HOUR, 4, 0, 1)


def test_direction_and_volatility_are_those_of_the_return(panel: pl.DataFrame):
    returns = forward_return(panel, HOUR, 1)
    up = direction(panel, HOUR, 1)
    size = volatility(panel, HOUR, 1)
    assert up["label"].is_null().equals(returns["label"].is_null())
    assert ((returns["label"] > 0).cast(pl.Float64) == up["label"]).all()
    assert (returns["label"].abs() - size["label"]).abs().max() < 1e-9
    features = technical_features(panel, HOUR)
    assert training_set(features, panel, HOUR, 3, "volatility")["label"].drop_nulls().min() >= 0
