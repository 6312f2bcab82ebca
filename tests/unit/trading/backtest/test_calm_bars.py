"""Bars that are passed over together are those that would be passed over one by one."""

import os
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.backtest.made import BTC as BTC_MADE
from tests.unit.trading.backtest.made import ETH as ETH_MADE
from tests.unit.trading.backtest.made import grid, opened, setup, still, told
from tests.unit.trading.made import LIMITS as LIMITED
from trading.backtest.engine import Engine
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
from trading.strategies import registry
from trading.strategies.strategy import Desire, Parameters, Registered, Row, quantize
from trading.timeframe import Timeframe

D = Decimal
BTC = Instrument("v", "BTC/USDT", "BTC", "USDT", D("0.01"), D("0.001"), D("0.001"), D(5), D(0), D(0))
LIMITS = [
    Limits(),
    Limits(closed=("sun 03:00-09:00",)),
    Limits(max_drawdown=D("0.1"), min_rebalance=D("0.02")),
    Limits(max_position=D("0.3")),
    Limits(max_loss=D("0.01")),
    Limits(max_legs=2, leg_spacing=D("0.01")),
]
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


@settings(max_examples=150)
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


@settings(max_examples=100)
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
    held_bars = GridBars(["BTC/USDT"])
    held_bars.append("BTC/USDT", held)
    count = len(drawn) - 1
    made = slots(held_bars, "BTC/USDT", START + LENGTH, LENGTH, count - 1)
    shown = [held_bars.shows("BTC/USDT", START + (slot + 1) * LENGTH) or 0 for slot in range(count - 1)]
    assert made.shows.tolist() == shown
    side, type_ = kind
    venue = Venue(instruments=[BTC], bars=held_bars, length=LENGTH, start=START, half_spread_bps=D(0))
    limit, stop = (price, None) if type_ is OrderType.LIMIT else (None, price)
    order = WorkingOrder(1, "c", "book", "BTC/USDT", side, type_, lots=1, placed=0, limit=limit, stop=stop)
    venue.books["BTC/USDT"].resting[1] = order
    sleeping = [venue.sleeps(START + (slot + 1) * LENGTH) for slot in range(count - 1)]
    expected = sleeping.index(False) if False in sleeping else len(sleeping)
    assert made.untouched(order, 0, count - 1) == expected


class Wary(Parameters):
    """No parameters."""


def wary(name: str) -> Registered:
    """What its row says under `name`, and twice a small one by somebody who holds something already."""

    def desire(row: Row, parameters: Wary) -> Desire:
        wanted: Any = row[name]
        exposure, stop = wanted
        more = 2.0 if row["held_exposure"] and exposure < 0.5 else 1.0
        return Desire(quantize(exposure * more), None if stop is None else quantize(stop), f"{name} was told so")

    return Registered(desire, Wary, lambda _: (name, "held_exposure"))


def market(chance: Random, count: int, jumps: float) -> list[tuple[int, int, int, int] | None]:
    """Bars that drift for long in one direction, with a hole or a jump now and then."""
    close, drift, found = 10_000, 0, list[tuple[int, int, int, int] | None]()
    for _ in range(count):
        if chance.random() < 0.05:
            drift = chance.choice([-40, -5, 0, 5, 40])
        first = close if chance.random() > jumps else close + chance.randint(-600, 600)
        last = max(first + drift + chance.randint(-10, 10), 1000)
        wick = chance.randint(0, 30)
        found.append(
            None if chance.random() < 0.02 else (first, max(first, last) + wick, min(first, last) - wick, last)
        )
        close = last
    return found


def wishes(chance: Random, count: int) -> list[tuple[float, float | None]]:
    """What is wanted, the same for long."""
    found, wish = list[tuple[float, float | None]](), (0.0, None)
    for _ in range(count):
        if chance.random() < 0.06:
            wish = (chance.choice([0.0, 0.3, 0.6, 0.9]), chance.choice([None, 0.02, 0.08]))
        found.append(wish)
    return found


@pytest.mark.parametrize("number", range(int(os.environ.get("TRADEWIND_TEST_CALM_MARKETS", "12"))))
def test_a_brief_backtest_of_long_calm_markets_is_the_whole_one(
    number: int, seed: int, monkeypatch: pytest.MonkeyPatch
):
    """Peaks rise, stops are struck, gates close, strategies are told what they hold."""
    chance, count = Random(f"{seed} {number}"), 160
    for name in ("one", "two"):
        monkeypatch.setitem(registry.STRATEGIES, name, wary(name))
    panel = {symbol: [still(10_000), *market(chance, count, 0.02)] for symbol in ("BTC/USDT", "ETH/USDT")}
    wants = {symbol: {name: wishes(chance, count + 1) for name in ("one", "two")} for symbol in panel}
    source = told(panel, wants, volatility=chance.choice([0.0001, 0.004]))
    source.closed = {
        opened(step): {chance.choice([*panel]): "stale_bars"} for step in range(count) if chance.random() < 0.03
    }
    limits = LIMITED.model_copy(update={"max_drawdown": D(chance.choice(["0.02", "0.04", "1"])), "price_collar": D(1)})
    limits = limits.model_copy(update={"closed": chance.choice([(), ("daily 05:00-06:30",)])})
    place = setup(count, ("one", "two"), (BTC_MADE, ETH_MADE), limits=limits)
    place = replace(place, strategies={name: Wary() for name in ("one", "two")})
    whole, brief = (Engine(replace(place, brief=each), grid(panel), source).run() for each in (False, True))
    assert brief.fills == whole.fills
    assert brief.orders == whole.orders
    assert replace(brief, decisions=[]) == replace(whole, decisions=[])
