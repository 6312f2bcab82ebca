"""The rule after costs, by hand: fees both ways, what was held at the bar before, sold at the end."""

import math
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from models.after_costs import earned, positions, returns

START = datetime(2024, 1, 1, tzinfo=UTC)


def panel(**closes: list[float]) -> pl.DataFrame:
    rows = [
        {"symbol": symbol, "ts": START + timedelta(hours=hour), "close": close}
        for symbol, each in closes.items()
        for hour, close in enumerate(each)
    ]
    return pl.DataFrame(rows)


def forecasts(**told: list[float]) -> pl.DataFrame:
    return panel(**told).rename({"close": "trees"})


def test_it_is_long_from_beyond_a_round_trip_until_zero():
    told = forecasts(A=[0.0, 0.002, 0.0021, 0.001, 0.0001, 0.0, 0.0019, -1.0], B=[0.003] * 8)
    held = positions(told, "trees", 0.001)
    assert held.filter(symbol="A")["held"].to_list() == [0, 0, 1, 1, 1, 0, 0, 0]
    assert held.filter(symbol="B")["held"].to_list() == [1] * 8


def test_a_move_belongs_to_what_was_held_at_the_bar_before_and_each_way_pays():
    bars = panel(A=[100, 110, 121, 60])
    held = panel(A=[0, 1, 0, 0]).rename({"close": "held"})
    got = returns(held, bars, 0.01)
    assert got["earned"].to_list() == pytest.approx([0, math.log(0.99), math.log(1 + 0.1 - 0.01), 0])
    assert got["trades"].sum() == 2
    # What is held at the last bar is sold there: both fees of one bar.
    last = returns(panel(A=[0, 0, 0, 1]).rename({"close": "held"}), bars, 0.01)
    assert last["earned"].to_list() == pytest.approx([0, 0, 0, math.log(0.98)])


def test_symbols_weigh_alike():
    bars = panel(A=[100, 110], B=[100, 90])
    held = panel(A=[1, 1], B=[1, 1]).rename({"close": "held"})
    got = returns(held, bars, 0.0)
    assert got["earned"].to_list() == pytest.approx([0, 0])


def test_knowing_the_future_beats_holding_and_costs_can_eat_it_all():
    closes = [100 * math.exp(0.01 * math.sin(hour / 5)) for hour in range(24 * 40)]
    bars = panel(A=closes)
    moves = [math.log(closes[min(hour + 4, len(closes) - 1)] / close) for hour, close in enumerate(closes)]
    always = returns(panel(A=[1.0] * len(closes)).rename({"close": "held"}), bars, 0.0005)
    knowing = returns(positions(forecasts(A=moves), "trees", 0.0005), bars, 0.0005)
    found = earned(knowing, always, 200, 1)
    assert found.yearly.low > 1
    assert found.more.low > 0
    assert found.sharpe.low > 3
    assert found.trades > 20
    assert 0.2 < found.exposure < 0.8
    dear = returns(positions(forecasts(A=moves), "trees", 0.0), bars, 0.02)
    assert earned(dear, always, 200, 1).yearly.high < 0
    hold = earned(always, always, 200, 1)
    assert (hold.more.value, hold.more.low, hold.more.high) == (0, 0, 0)
