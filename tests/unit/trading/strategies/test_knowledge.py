"""From stored rows to a signal: what is lacking, what a strategy is shown, and how a signal is named and dated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.signal import Lineage
from trading.strategies.knowledge import Knowledge, Place, signal
from trading.strategies.strategy import Desire
from trading.timeframe import Timeframe

D = Decimal
HOUR = Timeframe.parse("1h")
BAR = datetime(2026, 3, 1, 11, tzinfo=UTC)
CLOSE = BAR + HOUR.delta
KNOWN = Knowledge({"close": 100.0, "open": 99.0}, {"volatility_24": 0.005, "rsi_14": 60.0})
PLACE = Place("book", "strategy", "venue", "BTC/USDT", HOUR)
DESIRE = Desire(D("0.5000"), D("0.0400"), "why")
LINEAGE = Lineage("run", "code", "model", "features", "candle", 1)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (KNOWN, ""),
        (replace(KNOWN, candle={}), "no bar"),
        (Knowledge({}, {}), "no bar"),
        (replace(KNOWN, features={}), "volatility is not known"),
        (replace(KNOWN, features={"volatility_24": None}), "volatility is not known"),
        (replace(KNOWN, features={"volatility_24": 0.0}), "volatility is not known"),
        (replace(KNOWN, features={"volatility_24": -0.0}), "volatility is not known"),
        (replace(KNOWN, features={"volatility_24": 1e-300}), ""),
    ],
)
def test_what_is_lacking_for_a_signal(known: Knowledge, why: str):
    assert known.lacking.split(":")[0] == why


def row(held: tuple[float, float] = (0.0, 0.0), known: Knowledge = KNOWN) -> dict[str, Any]:
    return dict(known.row(held, BAR, HOUR))


def test_a_strategy_is_shown_features_forecast_regime_and_the_times_of_the_bar():
    forecast = {"expected_return": 0.001, "sigma": 0.01, "model_id": "m"}
    told = row(known=replace(KNOWN, forecast=forecast, regime={"regime": "calm", "probability": 0.9}))
    assert told == {
        "volatility_24": 0.005,
        "rsi_14": 60.0,
        "close": 100.0,
        "closed_at": CLOSE.timestamp(),
        "bar_seconds": 3600.0,
        "expected_return": 0.001,
        "sigma": 0.01,
        "regime": "calm",
        "held_exposure": 0.0,
    }


def test_what_is_not_known_is_none_and_not_missing():
    told = row()
    assert {told[name] for name in ("expected_return", "sigma", "regime")} == {None}


@pytest.mark.parametrize(
    ("held", "exposure"),
    [
        ((0.0, 1000.0), 0.0),
        ((5.0, 500.0), 0.5),
        ((10.0, 0.0), 1.0),
        ((0.5, 950.0), 0.05),
        # Less than a twentieth of the equity is a remainder.
        ((0.499, 950.1), 0.0),
        ((0.0, 0.0), 0.0),
        ((-1.0, 50.0), 0.0),
        # Cash below zero: more than all is held.
        ((10.0, -100.0), 10 / 9),
    ],
)
def test_the_held_exposure_is_the_share_of_the_equity_at_the_close(held: tuple[float, float], exposure: float):
    assert row(held)["held_exposure"] == pytest.approx(exposure, abs=1e-15)


def made(**changes: Any):
    fields: dict[str, Any] = {
        "place": PLACE,
        "bar": BAR,
        "now": CLOSE,
        "known": KNOWN,
        "desire": DESIRE,
        "lineage": LINEAGE,
        **changes,
    }
    return signal(**fields)


def test_a_signal_is_what_was_desired_of_this_bar_until_the_next_one_ends():
    told = made()
    assert (told.book, told.strategy, told.venue, told.symbol, told.timeframe) == (
        "book",
        "strategy",
        "venue",
        "BTC/USDT",
        "1h",
    )
    assert (told.ts, told.decided_at, told.valid_until) == (BAR, CLOSE, CLOSE + timedelta(hours=1))
    assert (told.exposure, told.stop, told.reason, told.lineage) == (D("0.5000"), D("0.0400"), "why", LINEAGE)
    assert (told.volatility, told.reference_price) == (D("0.0050000000"), D("100.0"))


@pytest.mark.parametrize("name", ["book", "strategy", "venue", "symbol", "timeframe"])
def test_its_id_names_the_place(name: str):
    other = Timeframe.parse("2h") if name == "timeframe" else "ETH/USDT"
    assert made(place=replace(PLACE, **{name: other})).signal_id != made().signal_id


def test_its_id_names_the_bar_and_nothing_that_was_known_or_desired():
    told = made()
    assert len(told.signal_id) == 32
    assert made(bar=BAR + HOUR.delta).signal_id != told.signal_id
    again = made(
        now=CLOSE + timedelta(minutes=5),
        desire=Desire(D(0), None, "else"),
        known=replace(KNOWN, candle={"close": 1.0}),
        lineage=replace(LINEAGE, run_id="another"),
    )
    assert again.signal_id == told.signal_id
    assert (again.decided_at, again.valid_until) == (CLOSE + timedelta(minutes=5), told.valid_until)


@pytest.mark.parametrize("name", ["1m", "4h", "1d", "1w"])
def test_it_is_valid_for_one_bar_after_its_close_whatever_their_length(name: str):
    timeframe = Timeframe.parse(name)
    told = made(place=replace(PLACE, timeframe=timeframe))
    assert told.valid_until - (BAR + timeframe.delta) == timeframe.delta


@given(st.floats(1e-9, 10))
def test_volatility_has_ten_decimals_and_the_price_all_digits_of_the_float(value: float):
    told = made(known=Knowledge({"close": value}, {"volatility_24": value}))
    assert told.volatility.as_tuple().exponent == -10
    assert abs(told.volatility - D(repr(value))) <= D("5E-11")
    assert float(told.reference_price) == value
