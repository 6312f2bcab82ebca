"""Market making: quotes around a middle that leans against what is held, within the inventory limit."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.strategies.row import want
from trading.errors import Misconfigured
from trading.order import Side
from trading.quote import Quote
from trading.strategies.registry import parameters

#: A market so calm that sizing scales nothing down: what is asked for is what is held.
CALM: dict[str, Any] = {"volatility_24": 0.002, "close": 100.0, "held_exposure": 0.3}
SETTINGS: dict[str, object] = {"risk_aversion": 50.0, "least_half_spread": 0.0001}


def quotes(held: float, settings: dict[str, object] | None = None, **changes: Any) -> tuple[Quote | None, Quote | None]:
    desire = want("market_making", SETTINGS | (settings or {}), **(CALM | {"held_exposure": held} | changes))
    assert (desire.exposure, desire.stop) == (None, None)
    by_side = {quote.side: quote for quote in desire.quotes}
    assert len(by_side) == len(desire.quotes)
    return by_side.get(Side.BUY), by_side.get(Side.SELL)


def test_on_target_it_quotes_evenly_by_the_published_formulas():
    bid, ask = quotes(0.3)
    assert bid is not None
    assert ask is not None
    risk = 50 * 0.002**2 * 4
    half = risk / 2 + math.log(1 + 50 / 500) / 50
    assert float(bid.price) == pytest.approx(100 * (1 - half), rel=1e-6)
    assert float(ask.price) == pytest.approx(100 * (1 + half), rel=1e-6)
    assert (float(bid.exposure), float(ask.exposure)) == (pytest.approx(0.36), pytest.approx(0.24))


def test_it_leans_against_what_it_holds():
    middles = []
    for held in (0.1, 0.3, 0.5):
        bid, ask = quotes(held)
        assert bid is not None
        assert ask is not None
        middles.append(float(bid.price + ask.price) / 2)
    assert middles[0] > 100 > middles[2]
    assert middles[1] == pytest.approx(100, rel=1e-6)
    # By the whole of risk aversion x variance x horizon at the limit.
    assert quotes(0.6)[1] is not None
    assert quotes(0.6)[0] is None
    assert quotes(0.0)[1] is None


def test_quotes_are_never_nearer_than_the_least():
    bid, ask = quotes(0.3, {"least_half_spread": 0.01})
    assert bid is not None
    assert ask is not None
    assert (float(bid.price), float(ask.price)) == (pytest.approx(99), pytest.approx(101))


def test_what_it_asks_for_is_sized_down_to_its_shares():
    # 1 % an hour is 4.9 % a day: sizing scales to 0.41.
    bid, _ = quotes(0.3, volatility_24=0.01)
    assert bid is not None
    assert float(bid.exposure) == pytest.approx(0.36 * 0.01 * math.sqrt(24) / 0.02, abs=1e-4)


def test_in_a_wild_market_it_sells_what_it_has():
    desire = want("market_making", SETTINGS, **(CALM | {"volatility_24": 0.06}))
    assert (desire.exposure, desire.quotes, desire.reason) == (0, (), "too volatile to quote")


@pytest.mark.parametrize("name", ["volatility_24", "close", "held_exposure", "bar_seconds"])
def test_what_is_not_known_is_not_quoted_on(name: str):
    desire = want("market_making", SETTINGS, **(CALM | {name: None}))
    assert (desire.exposure, desire.quotes, desire.reason) == (None, (), "no volatility")


@given(st.floats(0, 1), st.floats(1e-6, 0.05), st.floats(0.1, 10_000), st.floats(1, 1_000_000), st.floats(0.1, 1000))
def test_quotes_stand_on_their_sides_within_the_inventory(
    held: float, volatility: float, aversion: float, decay: float, horizon: float
):
    settings: dict[str, object] = {"risk_aversion": aversion, "flow_decay": decay, "horizon": horizon}
    bid, ask = quotes(held, settings, volatility_24=volatility)
    if bid is not None and ask is not None:
        assert 0 < bid.price < ask.price
    if bid is not None:
        assert held < 0.6
    if ask is not None:
        assert held > 0


def test_limits_that_do_not_fit_are_refused():
    with pytest.raises(Misconfigured, match=r"target 0.8 and limit 0.3 are more than the equity"):
        parameters("market_making", {"target": 0.8})
    with pytest.raises(Misconfigured, match=r"size 0.5 is above limit 0.3"):
        parameters("market_making", {"size": 0.5})
