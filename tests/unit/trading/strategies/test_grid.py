"""The grid: a fixed lattice, every unit sold one step above its price, whole whatever is held."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.strategies.row import want
from trading.errors import Misconfigured
from trading.order import Side
from trading.strategies.registry import parameters

SETTINGS: dict[str, object] = {"levels": 4, "spacing": 0.01, "max_exposure": 0.8}


def test_each_unit_is_sold_one_step_above_its_price():
    desire = want("grid", SETTINGS, ema_gap_48=0.0)
    assert (desire.exposure, desire.stop, desire.reason) == (None, None, "grid")
    bids = [quote for quote in desire.quotes if quote.side is Side.BUY]
    asks = [quote for quote in desire.quotes if quote.side is Side.SELL]
    assert [quote.exposure for quote in bids] == [Decimal(f"0.{share}000") for share in (2, 4, 6, 8)]
    assert [quote.exposure for quote in asks] == [Decimal(f"0.{share}000") for share in (0, 2, 4, 6)]
    for bid, ask in zip(bids, asks, strict=True):
        assert float(ask.price / bid.price) == pytest.approx(1.01, rel=1e-6)
    assert [quote.price for quote in asks[1:]] == [quote.price for quote in bids[:-1]]


@given(st.floats(0.01, 100_000), st.floats(-3, 3))
def test_the_lattice_stays_where_it_is(close: float, gap: float):
    desire = want("grid", SETTINGS, close=close, ema_gap_48=gap)
    step = math.log1p(0.01)
    for quote in desire.quotes:
        place = math.log(float(quote.price)) / step
        assert place == pytest.approx(round(place), abs=1e-3)


def test_the_middle_follows_the_mean_and_not_the_close():
    # The same mean of 100, seen from above and from below it.
    above = want("grid", SETTINGS, close=102.0, ema_gap_48=2 / 1.02, atr_14_pct=0.01)
    below = want("grid", SETTINGS, close=98.0, ema_gap_48=-2 / 0.98, atr_14_pct=0.01)
    assert above.quotes == below.quotes


def test_far_below_its_lowest_step_it_gives_up():
    settings = SETTINGS | {"quit": 2.0}
    assert want("grid", settings, close=96.0, ema_gap_48=-4.0).exposure is None
    fallen = want("grid", settings, close=90.0, ema_gap_48=-11.0)
    assert (fallen.exposure, fallen.quotes, fallen.reason) == (0, (), "fell out of the grid")


@pytest.mark.parametrize(
    "changes", [{"ema_gap_48": None}, {"atr_14_pct": None}, {"close": None}, {"ema_gap_48": 200.0}]
)
def test_without_a_mean_nothing_rests_and_what_is_held_stays(changes: dict[str, float | None]):
    desire = want("grid", SETTINGS, **changes)
    assert (desire.exposure, desire.stop, desire.quotes, desire.reason) == (None, None, (), "no mean")


def test_a_grid_that_reaches_down_to_nothing_is_refused():
    with pytest.raises(Misconfigured, match=r"levels 10 of spacing 0.1 reach down to nothing"):
        parameters("grid", {"levels": 10, "spacing": 0.1})
