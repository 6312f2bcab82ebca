"""The sub-account of a backtest: what it answers as execution's database would."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.trading.made import INSTRUMENT, LIMITS, NOW, PRICE, signal
from trading.backtest.sub_account import SubAccount, Ticketed, oldest_first
from trading.decide import Decision
from trading.fill import Fill
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side

D = Decimal
S = OrderState


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def opened() -> SubAccount:
    sub = SubAccount("book", "strategy", INSTRUMENT, D(1000), LIMITS.cash_buffer)
    take(sub)
    return sub


def take(sub: SubAccount, signal_id: str = "signal") -> None:
    sub.take(lambda: signal(signal_id=signal_id))


def request(leg: Leg, number: int, quantity: str, stop: str | None = None, signal_id: str = "signal") -> OrderRequest:
    side = Side.BUY if leg is Leg.ENTRY else Side.SELL
    kind = OrderType.MARKET if stop is None else OrderType.STOP_LOSS
    level = None if stop is None else D(stop)
    key, amount = OrderKey(signal_id, number, leg), D(quantity)
    return OrderRequest(key, "book", "strategy", "venue", "BTC/USDT", side, kind, amount, PRICE, stop=level)


def trade(sub: SubAccount, *wanted: OrderRequest, at: datetime = NOW, target: str = "5") -> list[Ticketed]:
    """Follow a decision that asks for `wanted`."""
    return sub.follow(Decision("TRADE", "why", D(target), wanted), at)


def fill(sub: SubAccount, made: Ticketed, quantity: str, price: str = "100", at: datetime = NOW) -> None:
    """Fill `quantity` with a fee of a thousandth, and move the order to where that brings it."""
    amount, level = D(quantity), D(price)
    side = made.order.request.side
    fee, currency = (amount / 1000, "BTC") if side is Side.BUY else (amount * level / 1000, "USDT")
    made.unbooked.append(
        Fill("venue", "BTC/USDT", "1", "1", made.order.client_id, side, level, amount, fee, currency, at)
    )
    assert sub.settle(made) == amount
    sub.move(made, S.PARTIAL if made.order.remaining else S.FILLED)


def bought(sub: SubAccount, at: datetime = NOW) -> None:
    (entry,) = trade(sub, request(Leg.ENTRY, sub.number, "5"), at=at)
    fill(sub, entry, "5", at=at)


def protect(sub: SubAccount, stop: str | None, at: datetime, quantity: str = "4.995") -> Ticketed:
    (made,) = trade(sub, request(Leg.STOP, sub.number, quantity, stop), at=at)
    sub.move(made, S.ACKED)
    return made


def cancel(sub: SubAccount, made: Ticketed, at: datetime) -> None:
    acting = sub.follow(Decision("TRADE", "why", D(5), cancels=(made.order,)), at)
    assert acting == [made]
    assert made.order.state is S.PENDING_CANCEL
    sub.move(made, S.CANCELED)


def floor(sub: SubAccount) -> Decimal | None:
    return sub.account("").stop_floor


def test_a_new_one_holds_its_share_in_cash():
    sub = opened()
    account = sub.account("")
    assert (account.cash, account.reserved_cash, account.holding, account.peak_equity) == (D(1000), 0, 0, D(1000))
    assert (account.entry_gate_open, account.gate_reason, account.working, account.stop_floor) == (True, "", (), None)
    closed = sub.account("gap 1")
    assert (closed.entry_gate_open, closed.gate_reason) == (False, "gap 1")


def test_a_buy_reserves_its_cost_and_a_buffer_and_gives_the_rest_back():
    sub = opened()
    (entry,) = trade(sub, request(Leg.ENTRY, 1, "5"))
    # 5 x 100 and 2 % of it.
    assert (sub.account("").cash, sub.account("").reserved_cash, entry.held) == (D(490), D(510), D(510))
    assert sub.purse.owned == (D(0), D(1000))
    fill(sub, entry, "2", "100.50")
    assert (sub.account("").reserved_cash, entry.order.state, entry.order.filled) == (D(309), S.PARTIAL, D(2))
    assert sub.working == [entry]
    fill(sub, entry, "3", "101")
    account = sub.account("")
    assert (account.cash, account.reserved_cash, account.position) == (D(496), D(0), D("4.995"))
    assert (sub.working, sub.orders, entry.held, entry.order.state) == ([], [entry], D(0), S.FILLED)


def test_a_buy_that_costs_more_than_reserved_takes_the_rest_from_cash():
    sub = opened()
    (entry,) = trade(sub, request(Leg.ENTRY, 1, "5"))
    fill(sub, entry, "5", "110")
    assert (sub.account("").cash, sub.account("").reserved_cash) == (D(450), D(0))


@pytest.mark.parametrize("end", [S.CANCELED, S.EXPIRED, S.REJECTED])
def test_an_order_that_ends_unfilled_gives_back_all_it_had_reserved(end: OrderState):
    sub = opened()
    bought(sub)
    before = sub.account("")
    entry, stop = trade(sub, request(Leg.ENTRY, 2, "1"), request(Leg.STOP, 2, "4.995", "90"))
    assert (sub.account("").reserved_position, sub.account("").position) == (D("4.995"), D(0))
    assert sub.purse.owned == (before.holding, before.cash)
    for made in (entry, stop):
        sub.move(made, end, "CODE")
    after = sub.account("")
    assert (after.cash, after.reserved_cash, after.position, after.reserved_position, after.working) == (
        before.cash,
        D(0),
        before.position,
        D(0),
        (),
    )
    assert (entry.order.state, entry.code) == (end, "CODE")


def test_orders_are_told_oldest_first_and_of_one_moment_by_id():
    sub = opened()
    bought(sub)
    second = protect(sub, "91", later(2), "1")
    first = protect(sub, "90", later(1), "1")
    same = protect(sub, "89", later(1), "1")
    expected = [*sorted((first, same), key=lambda one: one.order.client_id), second]
    assert oldest_first(sub.working) == expected
    assert sub.account("").working == tuple(one.order for one in expected)


def test_a_decision_about_a_signal_counts_up_and_a_new_signal_begins_anew():
    sub = opened()
    assert sub.number == 1
    bought(sub)
    protect(sub, "90", NOW)
    assert sub.number == 3
    take(sub, "next")
    assert (sub.number, sub.signal) == (1, signal(signal_id="next"))


def test_the_stop_floor_is_the_level_of_the_newest_stop_working_or_not():
    sub = opened()
    bought(sub)
    assert floor(sub) is None
    first = protect(sub, "90", later(1))
    assert floor(sub) == D(90)
    cancel(sub, first, later(2))
    assert floor(sub) == D(90)
    second = protect(sub, "92", later(2))
    assert floor(sub) == D(92)
    cancel(sub, second, later(3))
    # A stop that the venue refused protected nothing.
    (refused,) = trade(sub, request(Leg.STOP, sub.number, "4.995", "95"), at=later(4))
    sub.move(refused, S.REJECTED)
    assert floor(sub) == D(92)


def test_of_two_stops_of_one_moment_the_higher_counts():
    for levels in (("90", "92"), ("92", "90")):
        sub = opened()
        bought(sub)
        for level in levels:
            cancel(sub, protect(sub, level, later(1)), later(1))
        assert floor(sub) == D(92)


def test_an_older_stop_that_ends_late_is_not_the_newest():
    sub = opened()
    bought(sub)
    old = protect(sub, "95", later(1), "1")
    protect(sub, "90", later(2), "1")
    cancel(sub, old, later(3))
    assert floor(sub) == D(90)


def test_the_floor_is_forgotten_once_the_position_was_left():
    sub = opened()
    bought(sub)
    stop = protect(sub, "90", later(1))
    cancel(sub, stop, later(2))
    # A decision that did not want to leave changes nothing; one that did, at whatever later moment, does.
    sub.follow(Decision("HOLD", "on_target", D(5)), later(3))
    assert floor(sub) == D(90)
    sub.follow(Decision("TRADE", "why", D(0)), later(4))
    assert floor(sub) is None
    bought(sub, later(5))
    assert floor(sub) is None
    protect(sub, "85", later(6))
    assert floor(sub) == D(85)


def test_a_stop_as_old_as_the_decision_to_leave_counts_no_more():
    sub = opened()
    bought(sub)
    protect(sub, "90", later(1))
    sub.follow(Decision("TRADE", "why", D(0)), later(1))
    assert floor(sub) is None


@pytest.mark.parametrize("quantity", ["4.995", "1"])
def test_the_floor_is_forgotten_once_the_stop_has_filled_even_in_part(quantity: str):
    sub = opened()
    bought(sub)
    stop = protect(sub, "90", later(1))
    fill(sub, stop, quantity, "90", later(2))
    assert (floor(sub), sub.account("").stopped_at) == (None, later(2))


def test_a_position_closed_at_the_market_for_want_of_a_stop_has_no_floor():
    sub = opened()
    bought(sub)
    cancel(sub, protect(sub, "90", later(1)), later(1))
    (closing,) = trade(sub, request(Leg.STOP, sub.number, "4.995"), at=later(1))
    fill(sub, closing, "4.995", "89", later(1))
    account = sub.account("")
    assert (account.stop_floor, account.stopped_at, account.holding) == (None, later(1), D(0))


def legs(sub: SubAccount) -> tuple[int, Decimal | None]:
    account = sub.account("")
    return account.legs, account.leg_price


def test_legs_are_the_entries_that_have_filled_since_it_was_to_hold_nothing():
    sub = opened()
    assert legs(sub) == (0, None)
    (first,) = trade(sub, replace(request(Leg.ENTRY, 1, "2"), reference_price=D(90)), at=later(1))
    assert legs(sub) == (0, None)
    fill(sub, first, "1", at=later(1))
    fill(sub, first, "1", at=later(2))
    assert legs(sub) == (1, D(90))
    (second,) = trade(sub, replace(request(Leg.ENTRY, 2, "2"), reference_price=D(95)), at=later(3))
    sub.move(second, S.REJECTED)
    assert legs(sub) == (1, D(90))
    (third,) = trade(sub, replace(request(Leg.ENTRY, 3, "2"), reference_price=D(97)), at=later(4))
    fill(sub, third, "2", at=later(4))
    assert legs(sub) == (2, D(97))
    sub.follow(Decision("TRADE", "why", D(0)), later(5))
    assert legs(sub) == (0, None)
    bought(sub, later(6))
    assert legs(sub) == (1, PRICE)
    fill(sub, protect(sub, "90", later(7)), "1", "90", later(8))
    assert legs(sub) == (0, None)


def test_an_entry_of_before_it_was_left_that_fills_after_it_is_no_leg():
    sub = opened()
    (entry,) = trade(sub, request(Leg.ENTRY, 1, "5"), at=later(1))
    sub.follow(Decision("HOLD", "order_working", D(0)), later(2))
    fill(sub, entry, "5", at=later(3))
    assert legs(sub) == (0, None)


def test_only_fills_of_stops_say_when_it_was_stopped_and_the_newest_counts():
    sub = opened()
    bought(sub)
    assert sub.account("").stopped_at is None
    stop = protect(sub, "90", later(1))
    fill(sub, stop, "1", "90", later(3))
    fill(sub, stop, "1", "90", later(2))
    assert sub.account("").stopped_at == later(3)


def refuse(sub: SubAccount, leg: Leg, state: OrderState = S.REJECTED, signal_id: str = "signal") -> None:
    stop = "90" if leg is Leg.STOP else None
    (made,) = trade(sub, request(leg, sub.number, "1", stop, signal_id))
    sub.move(made, state)


def refusals(sub: SubAccount) -> tuple[int, int]:
    return sub.account("").refused, sub.account("").stops_refused


def test_only_refusals_of_the_present_signal_count():
    sub = opened()
    bought(sub)
    refuse(sub, Leg.ENTRY)
    refuse(sub, Leg.STOP)
    refuse(sub, Leg.EXIT, S.EXPIRED)
    assert refusals(sub) == (3, 1)
    refuse(sub, Leg.STOP, S.CANCELED)
    refuse(sub, Leg.STOP, signal_id="former")
    assert refusals(sub) == (3, 1)
    take(sub, "next")
    assert refusals(sub) == (0, 0)


def test_an_order_that_expired_after_it_filled_in_part_was_not_refused():
    sub = opened()
    (entry,) = trade(sub, request(Leg.ENTRY, 1, "5"))
    fill(sub, entry, "2")
    sub.move(entry, S.EXPIRED)
    assert refusals(sub) == (0, 0)
    assert (sub.account("").cash, sub.account("").reserved_cash) == (D(800), D(0))


def test_an_order_is_dated_and_named_as_execution_names_it():
    sub = opened()
    wanted = request(Leg.ENTRY, 1, "5")
    (made,) = trade(sub, wanted, at=later(1))
    assert made.order == Order(wanted, wanted.key.client_id("book", 1), S.SENDING, 1, 1, later(1))
    assert (made.at, made.reason, replace(made.order, state=S.ACKED).remaining) == (later(1), "why", D(5))
