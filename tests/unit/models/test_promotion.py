"""Promotion: what is real is accepted; the overfitted, the trained on nothing, the lucky and the leaky never are."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import polars as pl
import pytest

from models import controls, promotion, quantiles
from models.bands import Band
from models.forecast import lightgbm_return, linear_return
from models.labels import training_set
from models.model import Model
from models.promotion import Evidence, Terms, refusals, weigh
from trading.candle import PANEL
from trading.errors import BadData
from trading.timeframe import Timeframe

WORTHLESS = ("no better than expecting", "tells no rise", "earns no", "may be the luckiest", "does not stand out")
SEEDS = int(os.environ.get("TRADEWIND_TEST_PROMOTION_SEEDS") or 3)
HOUR = Timeframe.parse("1h")
START = datetime(2024, 1, 1, tzinfo=UTC)
HORIZON, FEE = 4, 0.0002
USED = ("signal", "noise", "more_noise")
RECKLESS: dict[str, int | float | str | bool] = {
    "rounds": 60,
    "learning_rate": 0.3,
    "num_leaves": 255,
    "min_share_in_leaf": 0.0001,
    "lambda_l2": 0.0,
}
QUICK: dict[str, int | float | str | bool] = {"rounds": 40}


class World:
    """Bars of two symbols whose returns follow a known signal by `strength` of their noise, and what learns from it."""

    def __init__(self, seed: int, strength: float, bars: int = 2400) -> None:
        print(f"seed {seed}")
        chance = np.random.default_rng(seed)
        parts = []
        for symbol in ("A/USD", "B/USD"):
            signal = np.zeros(bars)
            for bar in range(1, bars):
                signal[bar] = 0.9 * signal[bar - 1] + 0.436 * chance.normal()
            moves = 0.005 * (chance.standard_t(5, bars) + strength * np.concatenate([[0.0], signal[:-1]]))
            close = 100 * np.exp(np.cumsum(moves))
            parts.append(
                pl.DataFrame(
                    {
                        "symbol": symbol,
                        "ts": [START + HOUR.delta * bar for bar in range(bars)],
                        **dict.fromkeys(("open", "high", "low", "close"), close),
                        "volume": 1.0,
                        "signal": signal,
                        "noise": chance.normal(size=bars),
                        "more_noise": chance.normal(size=bars),
                        "volatility_24": np.full(bars, 0.0065),
                    }
                )
            )
        whole = pl.concat(parts).sort("symbol", "ts")
        self.panel = whole.select(list(PANEL))
        self.rows = training_set(whole.drop(list(PANEL)[2:]), self.panel, HOUR, HORIZON)
        self.cut = START + HOUR.delta * (bars // 2)
        self.training = self.rows.filter(pl.col("t1") <= self.cut)
        self.later = self.rows.filter(pl.col("ts") >= self.cut)

    def evidence(self, model: Model, champion: Model | None = None, terms: Terms | None = None) -> Evidence:
        kind = lightgbm_return if model.kind == lightgbm_return.KIND else linear_return
        told = quantiles.bands(model, kind.predict(model, self.later))
        other = None if champion is None else linear_return.predict(champion, self.later)
        against = controls.controls(model, self.training, self.later, seed=5)
        return weigh(told, other, against, self.later, self.panel, terms or Terms(FEE, 1, paths=300))


fit_trees = partial(lightgbm_return.fit, features=USED, horizon=HORIZON, seed=1, folds=2)
fit_line = partial(linear_return.fit, features=USED, horizon=HORIZON, seed=1, folds=2)


def shuffled(training: pl.DataFrame, seed: int) -> pl.DataFrame:
    return training.with_columns(label=training["label"].shuffle(seed=seed))


def test_real_skill_is_accepted_also_against_a_champion_without_it():
    world = World(1, 0.6)
    model = fit_trees(world.training, params=QUICK)
    assert refusals(world.evidence(model)) == []
    weak = fit_line(shuffled(world.training, 1))
    found = world.evidence(model, weak)
    assert refusals(found) == []
    assert found.beyond is not None
    assert found.plain()["refused"] == []


def test_a_champion_as_good_as_the_challenger_stays():
    world = World(2, 0.6)
    model = fit_line(world.training)
    said = refusals(world.evidence(model, model))
    assert [line for line in said if line.startswith("no better than the champion")] == said
    assert said


@pytest.mark.parametrize("number", range(SEEDS))
@pytest.mark.parametrize("strength", [0.0, 0.6])
def test_a_model_trained_on_shuffled_labels_is_refused_every_time(seed: int, number: int, strength: float):
    world = World(seed + number, strength)
    mixed = shuffled(world.training, seed + number)
    for model in (fit_trees(mixed, params=QUICK), fit_line(mixed)):
        said = refusals(world.evidence(model))
        assert any(line.startswith(WORTHLESS) for line in said), said


@pytest.mark.parametrize("number", range(SEEDS))
def test_an_overfitted_model_is_refused_every_time(seed: int, number: int):
    world = World(seed + number, 0.0)
    model = fit_trees(world.training, params=RECKLESS)
    # In sample it looks like the find of a life.
    seen = weigh(
        quantiles.bands(model, lightgbm_return.predict(model, world.training)),
        None,
        {},
        world.training,
        world.panel,
        Terms(FEE, 1, paths=300),
    )
    assert seen.skill.low > 0.1
    assert seen.growth.low > 1
    said = refusals(world.evidence(model))
    assert any(line.startswith("no better than expecting nothing") for line in said), said


def test_being_long_in_a_rising_market_is_no_skill():
    world = World(6, 0.0)
    rise = (0.0005 * pl.int_range(pl.len()).over("symbol")).exp()
    rising = world.panel.with_columns(close=pl.col("close") * rise)
    labels = training_set(world.rows.select("symbol", "ts"), rising, HOUR, HORIZON).filter(pl.col("ts") >= world.cut)
    always = labels.select("symbol", "ts", expected_return=pl.lit(0.002), sigma=pl.lit(0.01))
    found = weigh(always, None, {}, labels, rising, Terms(FEE, 1, paths=300))
    assert found.growth.low > 0
    said = refusals(found)
    for reason in ("tells no rise from a fall", "earns no more than holding", "may be the luckiest"):
        assert any(line.startswith(reason) for line in said), reason


def test_the_more_was_tried_the_more_has_to_be_shown():
    world = World(3, 0.12)
    model = fit_line(world.training)
    told = [world.evidence(model, terms=Terms(FEE, trials, paths=300)).deflated for trials in (1, 10, 1000, 100_000)]
    assert told == sorted(told, reverse=True)
    assert told[0] > told[-1] + 0.05
    wide = world.evidence(model, terms=Terms(FEE, 1000, (0.5, -0.5, 0.9, -0.9), paths=300))
    assert wide.deflated < told[2]


SOUND = Band(0.05, 0.03, 0.07, 1.0)
NOTHING = Band(0.0, -0.01, 0.01, 0.5)
FLAT = [-0.001, 0.001, -0.002, 0.0]
PROOF = Evidence(5000, 90, "a", "b", SOUND, SOUND, SOUND, SOUND, SOUND, 0.99, 3, 0.8, {"shuffled labels": FLAT})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": promotion.LEAST_DAYS - 1}, "19 days of unseen bars; 20 are the least"),
        ({"skill": replace(SOUND, low=0.0)}, "no better than expecting nothing"),
        ({"correlation": NOTHING}, "tells no rise from a fall"),
        ({"growth": NOTHING}, "earns nothing after costs"),
        ({"timing": NOTHING}, "earns no more than holding as much all the time"),
        ({"beyond": NOTHING}, "no better than the champion"),
        ({"deflated": 0.94}, "may be the luckiest of 3 trials"),
        ({"deflated": float("nan")}, "may be the luckiest"),
        ({"coverage": 0.69}, "not calibrated: its 80 % band held 69.0%"),
        ({"coverage": 0.91}, "not calibrated"),
        ({"coverage": None}, "has no band"),
        ({"controls": {}}, "was not compared with negative controls"),
        (
            {"controls": {"random features": [0.02, 0.021, 0.02, 0.021]}},
            "its recipe finds something in random features",
        ),
        ({"controls": {"random features": [-0.03, 0.04, 0.01, -0.02]}}, "does not stand out from random features"),
    ],
)
def test_each_lack_alone_is_refused_by_name(change: dict, said: str):
    assert refusals(PROOF) == []
    (line,) = refusals(replace(PROOF, **change))
    assert line.startswith(said)


def test_a_leak_shows_in_the_controls():
    world = World(4, 0.0)
    # What was fitted to shuffled labels and still tells the true ones has seen them.
    model = fit_line(world.training)
    seeing = world.later.select("symbol", "ts", expected_return="label").drop_nulls()
    leaky = {"shuffled labels": [seeing, seeing]}
    told = quantiles.bands(model, linear_return.predict(model, world.later))
    found = weigh(told, None, leaky, world.later, world.panel, Terms(FEE, 1, paths=100))
    assert any("finds something in shuffled labels" in line for line in refusals(found))


def test_no_common_bar_and_missing_columns_are_named():
    world = World(5, 0.0, bars=800)
    model = fit_line(world.training)
    told = linear_return.predict(model, world.later)
    with pytest.raises(BadData, match="no bar has a forecast and a label"):
        weigh(
            told, None, {}, world.later.with_columns(label=None).cast({"label": pl.Float64}), world.panel, Terms(FEE, 1)
        )
    with pytest.raises(BadData, match="sigma is missing"):
        weigh(told.drop("sigma"), None, {}, world.later, world.panel, Terms(FEE, 1))
    late = told.with_columns(pl.col("ts") + timedelta(days=4000))
    with pytest.raises(BadData, match="no bar has"):
        weigh(late, None, {}, world.later, world.panel, Terms(FEE, 1))
