"""What a backtest knows at each close: the same rows as the assets store, never from later bars."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.forecast import lightgbm_return
from models.knowledge import History, Study
from models.labels import training_set
from models.model import Model
from models.regime import gaussian_mixture
from tests.fakes.random_panel import START, random_panel
from trading.candle import PANEL
from trading.errors import BadData
from trading.indicators.technical import FEATURES, technical_features
from trading.market.finding import closing
from trading.market.gaps import RECENT_BARS, recent_gap, stale
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
BARS, STEPS, HORIZON = 900, 40, 4
#: The bar before the first one of which knowledge is asked.
FIRST = START + (BARS - STEPS - 5) * HOUR.delta
STUDY = Study(HOUR, FIRST, STEPS, HORIZON, seed=3)
NOTHING: frozenset[str] = frozenset()
Trained = list[Model]


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(lightgbm_return.DEFAULTS, "rounds", 10)  # pyright: ignore[reportArgumentType]
        yield


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Trained:
    """The models that are trained, in order."""
    models: Trained = []
    for module in (lightgbm_return, gaussian_mixture):
        fit = module.fit

        def watched(*args: Any, fit: Any = fit) -> Model:
            models.append(fit(*args))
            return models[-1]

        monkeypatch.setattr(module, "fit", watched)
    return models


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return random_panel(17, BARS, gaps=4)


@pytest.fixture(scope="module")
def history(panel: pl.DataFrame) -> History:
    return History(panel, STUDY)


def asked(study: Study = STUDY) -> list[datetime]:
    """The bars of which an engine asks: from the one that closes at the start on."""
    return [study.start + (step - 1) * study.timeframe.delta for step in range(study.steps)]


def rows(frame: pl.DataFrame) -> dict[tuple[str, datetime], dict[str, Any]]:
    return {(row["symbol"], row["ts"]): row for row in frame.iter_rows(named=True)}


def test_it_knows_what_the_assets_would_have_stored(panel: pl.DataFrame, history: History):
    features = technical_features(panel, HOUR)
    past = pl.col("ts") < FIRST
    of_prices = lightgbm_return.fit(
        training_set(features.filter(past), panel.filter(past), HOUR, HORIZON), FEATURES, HORIZON, 3
    )
    of_regimes = gaussian_mixture.fit(features.filter(past), 3)
    forecasts = rows(lightgbm_return.predict(of_prices, features))
    regimes = rows(gaussian_mixture.predict(of_regimes, features))
    candles, known = rows(panel), rows(features)
    names = panel["symbol"].unique()
    for bar in asked():
        found = history.at(bar)
        assert found.keys() == {symbol for symbol in names if (symbol, bar) in candles}
        for symbol, told in found.items():
            key = symbol, bar
            assert told.candle == {name: candles[key][name] for name in ("symbol", "ts", "close")}
            assert told.features == known[key]
            assert told.forecast == {**forecasts[key], "model_id": of_prices.model_id}
            assert told.regime == {**regimes[key], "model_id": of_regimes.model_id}
            assert told.lacking == ""


def test_a_bar_that_is_missing_or_not_asked_for_is_not_known(panel: pl.DataFrame):
    hole = FIRST + 3 * HOUR.delta
    here = (pl.col("symbol") == "A/USD") & (pl.col("ts") == hole)
    history = History(panel.filter(~here), replace(STUDY, columns=NOTHING))
    assert "A/USD" not in history.at(hole)
    assert history.at(FIRST - 2 * HOUR.delta) == {}
    assert history.at(START + BARS * 2 * HOUR.delta) == {}


# Of the first bars there is no volatility yet.
@pytest.mark.parametrize("study", [STUDY, replace(STUDY, start=START + 2 * HOUR.delta, columns=NOTHING)])
def test_a_stretch_of_bars_is_shown_as_it_is_bar_by_bar(panel: pl.DataFrame, study: Study):
    hole = (pl.col("symbol") == "A/USD") & (pl.col("ts") == study.start + 3 * HOUR.delta)
    history = History(panel.filter(~hole), study)
    bars = [study.start + step * HOUR.delta for step in range(-4, STEPS)]
    told, missing = history.shown(bars, HOUR), 0
    for place, bar in enumerate(bars):
        known = history.at(bar)
        for symbol, shown in told.items():
            one, row = known.get(symbol), shown.rows[place]
            assert row == (None if one is None or one.lacking else one.shown(bar, HOUR))
            assert shown.models[place] == ("" if one is None else one.forecast.get("model_id", ""))
            missing += row is None
    assert told.keys() == {*panel["symbol"]}
    assert missing > len(told)


def test_it_may_be_asked_in_any_order(panel: pl.DataFrame):
    study = replace(STUDY, start=START + 2 * HOUR.delta, steps=BARS - 10, columns=NOTHING)
    forwards, anyhow = History(panel, study), History(panel, study)
    known = {bar: forwards.at(bar) for bar in asked(study)}
    bars = asked(study)
    random.Random(5).shuffle(bars)
    assert all(anyhow.at(bar) == known[bar] for bar in bars[:60])


def everything(history: History, study: Study) -> dict[datetime, Any]:
    return {bar: (history.at(bar), history.closed_by(bar)) for bar in asked(study)}


@pytest.mark.parametrize("retrain", [0, 15])
def test_nothing_changes_when_all_later_bars_are_cut_off(panel: pl.DataFrame, retrain: int, seed: int):
    study = replace(STUDY, retrain=retrain)
    whole = everything(History(panel, study), study)
    chance = random.Random(seed)
    for steps in sorted(chance.sample(range(1, STEPS), 3)):
        short = replace(study, steps=steps)
        cut = short.start + (steps - 1) * HOUR.delta
        told = everything(History(panel.filter(pl.col("ts") < cut), short), short)
        assert told == {bar: whole[bar] for bar in asked(short)}


def test_models_are_trained_on_what_was_known_when_they_came_into_force(panel: pl.DataFrame, trained: Trained):
    study = replace(STUDY, retrain=15)
    history = History(panel, study)
    begins = [FIRST + step * HOUR.delta for step in (0, 15, 30)]
    prices = [model for model in trained if model.kind == lightgbm_return.KIND]
    regimes = [model for model in trained if model.kind == gaussian_mixture.KIND]
    assert len(trained) == len({model.model_id for model in trained}) == 2 * len(begins)
    for now, of_prices, of_regimes in zip(begins, prices, regimes, strict=True):
        # The newest label was known by then, and no bar that was is left out.
        assert of_prices.trained_to + (HORIZON + 1) * HOUR.delta == now
        assert of_regimes.trained_to + HOUR.delta == now
    for step, bar in enumerate(asked(study)):
        for told in history.at(bar).values():
            place = step // 15
            assert told.forecast["model_id"] == prices[place].model_id
            assert told.regime["model_id"] == regimes[place].model_id


@pytest.mark.parametrize(
    ("columns", "kinds", "features"),
    [
        (NOTHING, [], set()),
        ({"regime", "rsi_14", "held_exposure"}, [gaussian_mixture.KIND], {"rsi_14"}),
        ({"sigma"}, [lightgbm_return.KIND], set()),
        ({"expected_return", "regime"}, [lightgbm_return.KIND, gaussian_mixture.KIND], set()),
    ],
)
def test_what_nobody_asks_for_is_not_computed(
    panel: pl.DataFrame, history: History, trained: Trained, columns: set[str], kinds: list[str], features: set[str]
):
    bar = asked()[3]
    told = History(panel, replace(STUDY, columns=frozenset(columns))).at(bar)["A/USD"]
    assert [model.kind for model in trained] == kinds
    assert (bool(told.forecast), bool(told.regime)) == (
        lightgbm_return.KIND in kinds,
        gaussian_mixture.KIND in kinds,
    )
    whole = history.at(bar)["A/USD"].features
    assert told.features == {name: whole[name] for name in {"symbol", "ts", "volatility_24"} | features}


def test_too_little_history_to_train_on_is_named(panel: pl.DataFrame):
    early = replace(STUDY, start=START + 200 * HOUR.delta)
    with pytest.raises(BadData, match="are needed after the warm-up"):
        History(panel, early)


#: Bars for gates alone, and how many of them are asked about.
SPAN = 3 * RECENT_BARS
kept = st.sets(st.integers(0, SPAN - 1), max_size=12)
outages = st.lists(st.tuples(st.integers(0, SPAN), st.integers(0, 2 * RECENT_BARS)), max_size=3)


def gate_panel(missing: set[int]) -> pl.DataFrame:
    there = [START + slot * HOUR.delta for slot in range(SPAN) if slot not in missing]
    values = dict.fromkeys(("open", "high", "low", "close", "volume"), 100.0)
    return pl.DataFrame([{"symbol": "A/USD", "ts": ts, **values} for ts in there], schema=PANEL)


def as_candles_close_it(panel: pl.DataFrame) -> dict[datetime, str]:
    """The gate after each run of the asset market/candles, run at every close over a venue that has these bars."""
    there, stored, closed = panel["ts"].to_list(), list[datetime](), {}
    for slot in range(SPAN):
        last = START + slot * HOUR.delta
        before = [ts for ts in stored if ts <= last - RECENT_BARS * HOUR.delta][-1:]
        recent = [*before, *(ts for ts in stored if ts > last - RECENT_BARS * HOUR.delta)]
        start = min([START, *stored]) if not stored else stored[-1] - 3 * HOUR.delta
        told = [ts for ts in there if start <= ts <= last]
        stored = sorted({*stored, *told})
        findings = [
            *stale(stored[-1] if stored else None, last),
            *recent_gap(sorted({*recent, *told}), HOUR, last),
        ]
        closed[last] = min((f"{check} {detail}" for check, detail in closing(findings, last).items()), default="")
    return closed


@settings(max_examples=12)
@given(kept, outages)
@example({3}, [])
@example(set(), [(20, 23)])
@example(set(), [(20, 30)])
@example({50}, [(1, 48)])
@example({30, 31}, [(33, 22)])
def test_gates_are_those_that_the_candles_of_these_bars_would_close(singles: set[int], holes: list[tuple[int, int]]):
    missing = singles | {slot for first, length in holes for slot in range(first, min(first + length, SPAN))}
    panel = gate_panel(missing)
    if panel.is_empty():
        return
    history = History(panel, Study(HOUR, START, 1, HORIZON, 1, columns=NOTHING))
    expected = as_candles_close_it(panel)
    assert {bar: history.closed_by(bar).get("A/USD", "") for bar in expected} == expected


def test_the_gate_of_a_whole_market_is_open_and_never_looked_at_closely(monkeypatch: pytest.MonkeyPatch):
    history = History(gate_panel(set()), Study(HOUR, START, 1, HORIZON, 1, columns=NOTHING))
    monkeypatch.setattr("models.knowledge.recent_gap", None)
    assert all(history.closed_by(START + slot * HOUR.delta) == {} for slot in range(RECENT_BARS, SPAN))
