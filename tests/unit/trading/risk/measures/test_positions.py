"""Stress, concentration, liquidation and headroom of small books, by hand."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from trading.limits import LOOSER, Limits
from trading.order_book import Level, OrderBook
from trading.risk.measures.concentration import concentration
from trading.risk.measures.headroom import Usage, headroom, near
from trading.risk.measures.history import DAY, History
from trading.risk.measures.liquidation import cost_at_once, days_to_liquidate
from trading.risk.measures.stress import all_correlated, hypothetical, remembered, worst_windows

D = Decimal
FIRST = datetime(2022, 11, 1, tzinfo=UTC)
#: Nine days: A falls to half on the third, B rises then; B begins a day later.
PAST = History(
    [FIRST + n * DAY for n in range(10)],
    {
        "A": np.array([100.0, 100, 50, 60, 60, 60, 60, 54, 54, 54]),
        "B": np.array([math.nan, 10, 11, 11, 11, 11, 11, 11, 8.8, 8.8]),
        "C": np.array([math.nan] * 10),
    },
)
HELD = {"A": 1000.0, "B": 500.0}


def test_the_worst_day_of_each_symbol_moves_all_that_is_held() -> None:
    found = {each.name: each for each in worst_windows(PAST, HELD, ("A", "B", "C"))}
    worst = found["worst day of A"]
    assert worst.moves == pytest.approx({"A": -0.5, "B": 0.1})
    assert worst.profit == pytest.approx(-500 + 50)
    assert (worst.first, worst.last) == (FIRST + DAY, FIRST + 2 * DAY)
    assert found["worst day of B"].profit == pytest.approx(-100)
    # Over seven days A fell from 100 to 54; of B nothing is known before the second day.
    week = found["worst 7 days of A"]
    assert week.moves == pytest.approx({"A": -0.46})
    assert week.missing == ["B"]
    assert week.profit == pytest.approx(-460)
    assert not [name for name in found if name.endswith(" C") or "30 days" in name]


def test_what_is_not_held_moves_without_a_loss() -> None:
    (only,) = [each for each in worst_windows(PAST, {"B": 500.0}, ("A",)) if each.name == "worst day of A"]
    assert only.moves == pytest.approx({"A": -0.5, "B": 0.1})
    assert only.profit == pytest.approx(50)
    unknown = next(worst_windows(PAST, {"C": 5.0}, ("A",)))
    assert (unknown.profit, unknown.missing) == (None, ["C"])
    assert next(worst_windows(PAST, {}, ("A",))).profit == 0


def test_what_the_market_remembers_is_told_only_where_the_candles_have_it() -> None:
    (ftx,) = remembered(PAST, HELD)
    # 6 to 9 November: from the end of the 5th, at 60 and 11, to that of the 9th.
    assert ftx.name == "collapse of FTX"
    assert (ftx.first, ftx.last) == (FIRST + 5 * DAY, FIRST + 9 * DAY)
    assert ftx.moves == pytest.approx({"A": -0.1, "B": -0.2})
    assert ftx.profit == pytest.approx(-200)
    assert list(remembered(PAST, {})) == list(remembered(PAST, {"C": 1.0})) == []
    assert list(remembered(History(PAST.ends[:8], {"A": PAST.closes["A"][:8]}), HELD)) == []


def test_made_up_moves() -> None:
    *shocks, own = hypothetical(PAST, {**HELD, "C": 100.0})
    assert [each.profit for each in shocks] == pytest.approx([-160, -320, -800])
    assert shocks[0].name == "all prices \u221210%"
    assert own.moves == pytest.approx({"A": -0.5, "B": -0.2})
    assert own.profit == pytest.approx(-600)
    assert own.missing == ["C"]


def test_correlations_of_one_add_the_deviations() -> None:
    returns = np.array([[0.02, -0.01], [-0.02, 0.01]] * 20)
    told = all_correlated(returns, [100.0, 200.0], 0.05)
    assert told == pytest.approx(-1.6448536 * (100 * 0.02 + 200 * 0.01) * math.sqrt(40 / 39))
    assert all_correlated(returns[:1], [1.0, 1.0], 0.05) is None


def test_concentration_by_hand() -> None:
    found = concentration({"A": D(60), "B": D(-30), "C": D(10), "D": D(0)})
    assert found is not None
    assert (found.herfindahl, found.largest, found.largest_share) == (D("0.46"), "A", D("0.6"))
    assert float(found.effective) == pytest.approx(1 / 0.46)
    assert concentration({"A": D(0)}) is None
    assert concentration({}) is None


@seed(20261127)
@settings(max_examples=60)
@given(st.lists(st.decimals("0.01", "100000", places=2), min_size=1, max_size=12))
def test_a_book_is_as_spread_as_one_to_all_of_its_positions(values: list[Decimal]) -> None:
    found = concentration({str(place): value for place, value in enumerate(values)})
    assert found is not None
    assert D("0.9999999999") <= found.effective <= len(values) + D("1e-9")
    assert found.largest_share >= found.herfindahl - D("1e-30")


def test_days_to_liquidate_by_hand() -> None:
    volumes = [D(n) for n in (5, 10, 10, 10, 10, 1000, 10)]
    assert days_to_liquidate(D(3), volumes) == D(3)
    assert days_to_liquidate(D(-3), volumes, D("0.5")) == D("0.6")
    assert days_to_liquidate(D(3), volumes[:6]) is None
    assert days_to_liquidate(D(3), [D(0)] * 7) is None
    assert days_to_liquidate(D(0), []) == 0


def test_the_cost_of_selling_at_once_is_against_the_middle() -> None:
    levels = (Level(D(99), D(1)), Level(D(97), D(1)))
    book = OrderBook("A", levels, (Level(D(101), D(1)),))
    assert cost_at_once(D(1), book) == (D("0.01"), 0)
    assert cost_at_once(D(2), book) == (D("0.02"), 0)
    assert cost_at_once(D(5), book) == (D("0.02"), 3)
    assert cost_at_once(D(-1), book) == (D("0.01"), 0)


def test_headroom_of_each_limit() -> None:
    usage = Usage(D("0.01"), D("0.9"), None, D("0.25"), D("0.04"))
    rows = {row.name: row for row in headroom(Limits(), usage, {"max_order_value": "no order in this period"})}
    assert list(rows) == list(LOOSER)
    assert (rows["target_volatility"].room, rows["target_volatility"].share) == (D("0.01"), D("0.5"))
    assert (rows["max_drawdown"].room, rows["max_drawdown"].share) == (D("-0.05"), D("1.25"))
    assert (rows["cash_buffer"].room, rows["cash_buffer"].share) == (D("0.02"), D("0.5"))
    assert (rows["max_order_value"].use, rows["max_order_value"].why) == (None, "no order in this period")
    assert rows["price_collar"].why
    assert near(list(rows.values())) == ["max_position", "max_drawdown"]
    empty = {row.name: row for row in headroom(Limits(), Usage(None, None, None, None, D(0)), {})}
    assert (empty["cash_buffer"].room, empty["cash_buffer"].share) == (D("-0.02"), None)
    assert empty["max_position"].why == "not known"
