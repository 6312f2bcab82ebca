from decimal import Decimal

import pytest

from trading.errors import Denied
from trading.order import OrderType, Side
from trading.simulation.matching import Book, Execution
from trading.simulation.path import TickBar
from trading.simulation.walk import Walk
from trading.simulation.working_order import Status, WorkingOrder

LENGTH = 3_600_000
BEFORE = TickBar(-LENGTH, 10_000, 10_000, 10_000, 10_000, 2_000)


def book(bar: TickBar | None, bps: str = "1") -> Book:
    walk = Walk(Decimal(bps))
    walk.follow(BEFORE)
    walk.open_bar(bar, LENGTH)
    opened = Book(walk)
    if bar is not None:
        assert opened.step() == []
    return opened


def order(number: int, side: Side, type_: OrderType, lots: int, **prices: int | bool) -> WorkingOrder:
    return WorkingOrder(number, f"c{number}", "main", "BTC/USDT", side, type_, lots, 0, **prices)  # pyright: ignore[reportArgumentType]


def walk_out(opened: Book) -> list[Execution]:
    executions: list[Execution] = []
    while opened.walk.course.corner is not None:
        executions += opened.step()
    return executions


def shape(executions: list[Execution]) -> list[tuple[int, int, bool]]:
    return [(one.price, one.lots, one.maker) for one in executions]


FLAT = TickBar(0, 10_000, 10_000, 10_000, 10_000, 1_200)
FALL = TickBar(0, 10_000, 10_010, 9_900, 9_950, 1_200)


def test_a_large_market_order_eats_several_levels():
    taken = order(1, Side.BUY, OrderType.MARKET, 25)
    assert shape(book(FLAT).place(taken)) == [(10_001, 10, False), (10_002, 10, False), (10_003, 5, False)]
    assert taken.status is Status.FILLED


def test_a_second_order_at_the_same_moment_meets_what_is_left():
    opened = book(FLAT)
    opened.place(order(1, Side.BUY, OrderType.MARKET, 15))
    assert shape(opened.place(order(2, Side.BUY, OrderType.MARKET, 10))) == [(10_002, 5, False), (10_003, 5, False)]


def test_a_market_order_expires_when_the_ladder_ends():
    taken = order(1, Side.SELL, OrderType.MARKET, 5_000)
    assert sum(one.lots for one in book(FLAT).place(taken)) == 1_000
    assert (taken.status, taken.remaining) == (Status.EXPIRED, 4_000)


def test_nothing_trades_in_a_slot_without_a_bar():
    opened = book(None)
    market = order(1, Side.BUY, OrderType.MARKET, 1)
    assert opened.place(market) == []
    assert (market.status, market.filled) == (Status.EXPIRED, 0)
    resting = order(2, Side.BUY, OrderType.LIMIT, 1, limit=20_000)
    assert opened.place(resting) == []
    assert resting.open


def test_a_resting_limit_is_filled_at_its_price_with_a_quarter_of_the_volume():
    opened = book(FALL)
    resting = order(1, Side.BUY, OrderType.LIMIT, 150, limit=9_920)
    assert opened.place(resting) == []
    # A third of 1,200 lots trades on each leg: 100 on the way to the low, the rest on the way up from it.
    fills = walk_out(opened)
    assert shape(fills) == [(9_920, 100, True), (9_920, 50, True)]
    assert [one.at for one in fills] == [2_400_000, LENGTH - 1]
    assert resting.status is Status.FILLED


def test_the_open_and_the_way_to_the_first_extreme_share_one_third_of_the_volume():
    opened = book(FLAT)
    opened.place(order(1, Side.BUY, OrderType.LIMIT, 150, limit=9_950))
    walk_out(opened)
    opened.walk.open_bar(TickBar(LENGTH, 9_900, 9_910, 9_800, 9_850, 1_200), LENGTH)
    assert [(one.lots, one.at - LENGTH) for one in walk_out(opened)] == [(100, 0), (50, 2_400_000)]


def test_two_limits_share_the_volume_by_price():
    opened = book(FALL)
    worse, better = (order(n, Side.BUY, OrderType.LIMIT, 80, limit=limit) for n, limit in ((1, 9_910), (2, 9_930)))
    opened.place(worse)
    opened.place(better)
    assert [(one.order.order_id, one.lots) for one in walk_out(opened)][:2] == [(2, 80), (1, 20)]


def test_a_marketable_limit_takes_and_its_rest_waits():
    opened = book(FLAT)
    limit = order(1, Side.BUY, OrderType.LIMIT, 25, limit=10_002)
    assert shape(opened.place(limit)) == [(10_001, 10, False), (10_002, 10, False)]
    assert (limit.status, limit.remaining) == (Status.PARTIALLY_FILLED, 5)


def test_an_immediate_limit_never_rests():
    opened = book(FLAT)
    limit = order(1, Side.BUY, OrderType.LIMIT, 25, limit=10_001, immediate=True)
    assert shape(opened.place(limit)) == [(10_001, 10, False)]
    assert limit.status is Status.EXPIRED
    assert opened.resting == {}


def test_a_stop_triggers_on_the_way_and_sells_below_it():
    opened = book(FALL)
    opened.place(order(1, Side.SELL, OrderType.STOP_LOSS, 15, stop=9_960))
    fills = walk_out(opened)
    assert shape(fills) == [(9_959, 10, False), (9_958, 5, False)]
    assert fills[0].at == 2_400_000


def test_a_stop_in_a_gap_fills_at_the_worse_open():
    opened = book(FLAT)
    opened.place(order(1, Side.SELL, OrderType.STOP_LOSS, 5, stop=9_990))
    walk_out(opened)
    opened.walk.open_bar(TickBar(LENGTH, 9_000, 9_100, 8_900, 9_000, 1_200), LENGTH)
    assert shape(opened.step()) == [(8_999, 5, False)]


def test_a_stop_that_would_trigger_at_once_is_denied():
    with pytest.raises(Denied, match="STOP_WOULD_TRIGGER"):
        book(FLAT).place(order(1, Side.SELL, OrderType.STOP_LOSS, 5, stop=10_000))


def test_a_buy_stop_spends_no_more_than_its_budget():
    opened = book(TickBar(0, 10_000, 10_100, 9_990, 10_050, 1_200))
    stop = order(1, Side.BUY, OrderType.STOP_LOSS, 10, stop=10_050, budget=10 * 10_050)
    opened.place(stop)
    assert shape(walk_out(opened)) == [(10_052, 9, False)]
    assert stop.status is Status.EXPIRED


def test_each_step_stops_at_the_first_price_that_fills():
    opened = book(FALL)
    opened.place(order(1, Side.SELL, OrderType.STOP_LOSS, 1, stop=9_980))
    opened.place(order(2, Side.SELL, OrderType.STOP_LOSS, 1, stop=9_940))
    prices: list[int | None] = []
    while opened.walk.course.corner is not None:
        if opened.step():
            prices.append(opened.walk.price)
    assert prices == [9_980, 9_940]


def test_cancel_takes_the_order_out():
    opened = book(FALL)
    resting = order(1, Side.BUY, OrderType.LIMIT, 10, limit=9_950)
    opened.place(resting)
    opened.end(resting, Status.CANCELED, 5)
    assert (resting.status, resting.updated, walk_out(opened)) == (Status.CANCELED, 5, [])


def test_an_open_bar_shows_what_its_path_has_reached():
    opened = book(FALL)
    assert opened.walk.so_far() == TickBar(0, 10_000, 10_000, 10_000, 10_000, 0)
    opened.step()
    assert opened.walk.so_far() == TickBar(0, 10_000, 10_010, 10_000, 10_010, 400)
    walk_out(opened)
    assert opened.walk.so_far() == FALL
