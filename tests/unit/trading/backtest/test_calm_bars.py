"""Bars that are passed over together are those that would be passed over one by one."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.backtest.idle import Idle, Wanted
from trading.backtest.slots import slots
from trading.backtest.sub_account import Standing
from trading.backtest.venue import Venue
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import OrderType, Side
from trading.simulation.grid import GridBars
from trading.simulation.path import TickBar
from trading.simulation.working_order import WorkingOrder
from trading.strategies.strategy import Desire
from trading.timeframe import Timeframe

D = Decimal
BTC = Instrument("v", "BTC/USDT", "BTC", "USDT", D("0.01"), D("0.001"), D("0.001"), D(5), D(0), D(0))
LIMITS = [Limits(), Limits(max_drawdown=D("0.1"), min_rebalance=D("0.02")), Limits(max_position=D("0.3"))]
#: The trader's: so close to the peak an equity is told exactly.
CLOSE = 1e-9

exposures = st.sampled_from([D(0), D("0.1"), D("0.5"), D("0.5001"), D(1), None])
stops = st.sampled_from([None, D("0.02"), D("0.3")])
Bars = list[tuple[Decimal | None, Decimal | None, float, float, bool]]
bars = st.lists(
    st.tuples(exposures, stops, st.sampled_from([0.0, 1e-9, 0.004, 0.05]), st.floats(0.5, 2.0), st.booleans()),
    min_size=1,
    max_size=30,
)
standings = st.builds(
    Standing,
    cash=st.sampled_from([0.0, 400.0, 1000.0]),
    holding=st.sampled_from([0.0, 0.0005, 5.0, 10.0]),
    peak=st.floats(500.0, 2500.0),
    busy=st.just(value=False),
    protected=st.booleans(),
    dust=st.booleans(),
    kept=st.floats(0.0, 150.0),
    tick=st.just(0.01),
)


@settings(max_examples=400, deadline=None)
@given(standings, bars, st.sampled_from(LIMITS))
def test_as_many_bars_are_calm_as_are_one_after_the_other(standing: Standing, drawn: Bars, limits: Limits):
    idle = Idle.of(BTC, limits, Timeframe(3600))
    desires = [Desire(exposure, stop, "r") for exposure, stop, *_ in drawn]
    rows = [{"volatility_24": volatility, "close": 100 * move} for _, _, volatility, move, _ in drawn]
    prices = np.array([100 * move if shown else 0.0 for _, _, _, move, shown in drawn])
    told = idle.lasts(standing, Wanted.of(desires, rows), prices)
    stands, one = standing, 0
    for desire, row, price in zip(desires, rows, prices.tolist(), strict=True):
        if not price or not idle.sure(stands, desire, row["volatility_24"], row["close"], price):
            break
        one += 1
        if stands.holding and stands.cash + stands.holding * price >= stands.peak * (1 - CLOSE):
            stands = replace(stands, peak=max(stands.peak, stands.cash + stands.holding * price))
    assert told == one
    assert idle.lasts(replace(standing, busy=True), Wanted.of(desires, rows), prices) == 0


Slotted = list[tuple[int, int, int, int] | None]
LENGTH, START = 3_600_000, 7_200_000
markets = st.lists(st.none() | st.tuples(*[st.integers(90, 110)] * 4), min_size=3, max_size=12)


@settings(max_examples=300, deadline=None)
@given(
    markets,
    st.integers(88, 112),
    st.sampled_from([(Side.SELL, OrderType.STOP_LOSS), (Side.BUY, OrderType.LIMIT), (Side.SELL, OrderType.LIMIT)]),
)
def test_an_order_is_untouched_in_the_slots_in_which_the_venue_may_sleep(
    drawn: Slotted, price: int, kind: tuple[Side, OrderType]
):
    held = [
        TickBar(START + slot * LENGTH, prices[0], max(prices), min(prices), prices[3], 5)
        for slot, prices in enumerate(drawn)
        if prices is not None
    ]
    grid = GridBars(["BTC/USDT"])
    grid.append("BTC/USDT", held)
    count = len(drawn) - 1
    made = slots(grid, "BTC/USDT", START + LENGTH, LENGTH, count - 1)
    shown = [grid.shows("BTC/USDT", START + (slot + 1) * LENGTH) or 0 for slot in range(count - 1)]
    assert made.shows.tolist() == shown
    side, type_ = kind
    venue = Venue(instruments=[BTC], bars=grid, length=LENGTH, start=START, half_spread_bps=D(0))
    limit, stop = (price, None) if type_ is OrderType.LIMIT else (None, price)
    order = WorkingOrder(1, "c", "book", "BTC/USDT", side, type_, lots=1, placed=0, limit=limit, stop=stop)
    venue.books["BTC/USDT"].resting[1] = order
    sleeping = [venue.sleeps(START + (slot + 1) * LENGTH) for slot in range(count - 1)]
    expected = sleeping.index(False) if False in sleeping else len(sleeping)
    assert made.untouched(order, 0, count - 1) == expected
