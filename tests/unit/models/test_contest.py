"""The contest: it finds a planted relation in return, direction and volatility, and claims nothing of noise."""

import numpy as np
import polars as pl
import pytest

from models.contest import LINE, NAIVE, TREES, contest, scores
from models.labels import training_set
from models.target import TARGETS, task
from tests.fakes.random_panel import random_panel
from trading.errors import BadData
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
USED = ("rsi_14", "close_z_24", "hour_sin")


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return random_panel(31, 1200)


@pytest.fixture(scope="module")
def features(panel: pl.DataFrame) -> pl.DataFrame:
    return technical_features(panel, HOUR)


def planted(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    noise = pl.Series(np.random.default_rng(31).normal(size=rows.height))
    signal = (pl.col("rsi_14") - 50) / 10 + noise
    label = {
        "return": signal * pl.col("volatility_24"),
        "direction": (signal > 0).cast(pl.Float64),
        "volatility": pl.col("volatility_24") * (0.3 * signal).exp(),
    }
    return rows.with_columns(label=label[name])


@pytest.mark.parametrize("name", list(TARGETS))
def test_it_finds_what_is_planted_and_nothing_in_noise(panel: pl.DataFrame, features: pl.DataFrame, name: str):
    rows = training_set(features, panel, HOUR, 4, name)
    found: dict[str, float] = {}
    for kind, frame in (("planted", planted(rows, name)), ("noise", rows)):
        what = task(frame, USED, 4, TARGETS[name])
        tested = contest(what, 3, seed=1)
        assert tested.select(pl.all_horizontal(pl.col(TREES, LINE, NAIVE, "outcome").is_finite()).all()).item()
        scored = scores(tested, what, 200, 1)
        assert set(scored) == {TREES, LINE}
        for who, each in scored.items():
            assert ("hit_rate" in each) == (name != "volatility")
            assert each["skill"].low <= each["skill"].value <= each["skill"].high, who
            found[f"{kind} {who}"] = each["correlation"].low if kind == "planted" else each["skill"].low
        if kind == "planted":
            assert scored[TREES]["skill"].low > 0.05
    assert min(value for key, value in found.items() if key.startswith("planted")) > 0.3
    assert max(value for key, value in found.items() if key.startswith("noise")) < 0.02


def test_skill_is_that_of_plain_scores(panel: pl.DataFrame, features: pl.DataFrame):
    from models.scores import hit_rate, information_coefficient, skill

    what = task(training_set(features, panel, HOUR, 4), USED, 4, TARGETS["return"])
    tested = contest(what, 3, seed=1)
    forecast, outcome = tested[TREES].to_numpy(), tested["outcome"].to_numpy()
    told = scores(tested, what, 100, 1)[TREES]
    assert told["skill"].value == pytest.approx(skill(forecast, np.zeros(len(outcome)), outcome))
    assert told["correlation"].value == pytest.approx(information_coefficient(forecast, outcome))
    assert told["hit_rate"].value == pytest.approx(hit_rate(forecast, outcome))


@pytest.mark.parametrize("name", ["return", "volatility"])
def test_no_forecast_rests_on_its_own_time(panel: pl.DataFrame, features: pl.DataFrame, name: str):
    rows = training_set(features, panel, HOUR, 4, name).drop_nulls()
    what = task(rows, USED, 4, TARGETS[name])
    tested = contest(what, 3, seed=1)
    last = tested["ts"].unique().sort()[-200]
    # Nonsense from `last` on changes no forecast before it.
    twisted = rows.with_columns(
        *(pl.when(pl.col("ts") >= last).then(77.0).otherwise(pl.col(each)).alias(each) for each in (*USED, "label"))
    )
    other = contest(task(twisted, USED, 4, TARGETS[name]), 3, seed=1)
    before = pl.col("ts") < last
    assert tested.filter(before).drop("outcome").equals(other.filter(before).drop("outcome"))


def test_what_cannot_be_learned_is_named(panel: pl.DataFrame, features: pl.DataFrame):
    rows = training_set(features, panel, HOUR, 4)
    wrong = {
        "rsi_14 is missing": rows.drop("rsi_14"),
        "0 complete rows of 0": rows.clear(),
        "0 complete rows of 1;": rows.head(1),
        "the label is 0.5 in all": rows.with_columns(label=pl.lit(0.5)),
        "0 complete rows of": rows.with_columns(rsi_14=pl.lit(float("nan"))),
    }
    for said, frame in wrong.items():
        with pytest.raises(BadData, match=said):
            task(frame, USED, 4, TARGETS["return"])
    late = rows.with_columns(pl.col("t1").dt.offset_by("10y"))
    with pytest.raises(BadData, match="no fold of 3 leaves enough rows"):
        contest(task(late, USED, 4, TARGETS["return"]), 3, seed=1)
