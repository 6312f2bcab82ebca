"""Each branch of the plan, and what it never does."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT, LIMITS, PRICE, account, order, protected, signal
from trading.account import Account
from trading.execution.plan import Plan, plan
from trading.order import Leg, Order, OrderState, OrderType, Side
from trading.signal import Signal

D = Decimal


def planned(target: str, of: Account, told: Signal | None = None, price: Decimal = PRICE) -> Plan:
    return plan(D(target), of, told or signal(), price, INSTRUMENT, LIMITS, 2)


def only(step: Plan) -> tuple[str, str, str, Decimal, Decimal | None]:
    (request,) = step.requests
    assert step.cancels == ()
    assert request.key.decision_no == 2
    assert request.reduce_only is (request.side is Side.SELL)
    return request.key.leg.value, request.side.value, request.type.value, request.quantity, request.stop


@pytest.mark.parametrize("state", [state for state in OrderState if state.unsettled])
def test_while_the_venue_owes_an_answer_nothing_is_done(state: OrderState):
    for leg in Leg:
        assert planned("0", protected(working=(order(leg, state),))) == Plan(reason="waiting_for_venue")


@pytest.mark.parametrize("leg", [Leg.ENTRY, Leg.EXIT])
def test_while_an_entry_or_exit_works_nothing_is_added(leg: Leg):
    assert planned("9", account(working=(order(leg, OrderState.PARTIAL),))) == Plan(reason="order_working")


def test_a_venue_that_refuses_is_not_asked_a_third_time():
    assert planned("5", account(refused=1)).requests
    assert planned("5", account(refused=2)) == Plan(reason="refused_by_venue")


def test_entries():
    assert only(planned("5", account())) == ("entry", "BUY", "MARKET", D(5), None)
    # never more than the cash affords, less the buffer
    assert only(planned("50", account())) == ("entry", "BUY", "MARKET", D("9.8"), None)
    # an addition leaves the stop where it is until it has filled
    assert only(planned("9", protected())) == ("entry", "BUY", "MARKET", D(4), None)


@pytest.mark.parametrize(
    ("target", "of"),
    [
        ("5.2", protected()),  # 20 of 1,000: below min_rebalance
        ("0.04", account()),  # below min_notional
        ("5", account(cash=D(3))),  # nothing to pay with
        ("5", account(cash=D(-3))),
        ("4.8", protected()),  # a small reduction is not worth an order either
    ],
)
def test_what_is_not_worth_an_order(target: str, of: Account):
    assert planned(target, of) == Plan(reason="on_target")


def test_exits_cancel_the_stop_first_and_then_sell():
    assert planned("0", protected()) == Plan(cancels=protected().working)
    assert only(planned("0", account(position=D(5)))) == ("exit", "SELL", "MARKET", D(5), None)
    assert only(planned("2", account(position=D(5)))) == ("exit", "SELL", "MARKET", D(3), None)
    # to nothing even when it is little
    assert only(planned("0", account(cash=D(99_999), position=D("0.1"))))[3] == D("0.1")


def test_what_a_lost_order_holds_is_not_sold():
    # reserved, but no order is known that holds it
    assert only(planned("0", account(position=D(2), reserved_position=D(3))))[3] == D(2)
    assert planned("0", account(position=D("0.01"), reserved_position=D(3))) == Plan(reason="dust")


def test_dust_is_left():
    assert planned("0", account(position=D("0.0004"))) == Plan(reason="on_target")


def test_stops():
    held = account(cash=D(500), position=D(5))
    assert only(planned("5", held)) == ("stop", "SELL", "STOP_LOSS", D(5), D(90))
    assert planned("5", held, signal(stop=None)) == Plan(reason="on_target")
    # the stop of a position that shall have none is cancelled
    assert planned("5", protected(), signal(stop=None)) == Plan(cancels=protected().working)
    # one that does not cover the holding is replaced
    assert planned("5", protected("4", position=D(1))) == Plan(cancels=protected("4").working)
    two = protected("2").working * 2
    assert planned("4", protected("4", working=two)) == Plan(cancels=two)
    # a higher level replaces it, a lower one does not
    assert planned("5", protected(stop="89.99")) == Plan(cancels=protected(stop="89.99").working)
    assert planned("5", protected(stop="95")) == Plan(reason="on_target")
    # one that has filled in part covers its rest: it stays for what is left, and is replaced when that has grown again
    partly = (replace(order(Leg.STOP, OrderState.PARTIAL, "5", "90"), filled=D(2)),)
    assert planned("3", protected("3", working=partly)) == Plan(reason="on_target")
    assert planned("5", protected("3", position=D(2), working=partly)) == Plan(cancels=partly)
    # while it is replaced it does not fall below where it was
    assert only(planned("5", replace(held, stop_floor=D(95))))[4] == D(95)
    assert only(planned("5", replace(held, stop_floor=D(80))))[4] == D(90)


def test_what_has_lost_its_stop_gets_it_back_before_it_grows():
    held = account(cash=D(500), position=D(5))
    stop, entry = planned("9", held).requests
    assert (stop.key.leg, stop.type, stop.quantity, stop.stop) == (Leg.STOP, OrderType.STOP_LOSS, D(5), D(90))
    assert (entry.key.leg, entry.side, entry.quantity) == (Leg.ENTRY, Side.BUY, D(4))
    assert only(planned("9", held, signal(stop=None)))[0] == "entry"
    # what cannot be protected is closed, and does not grow
    assert only(planned("9", held, price=D(90)))[:3] == ("stop", "SELL", "MARKET")


def test_a_stop_that_cannot_be():
    assert planned("5", account(cash=D(500), position=D(5)), signal(stop=D(1))) == Plan(reason="on_target")


def test_a_stop_that_the_market_has_passed_is_a_sale_of_the_stop_leg():
    held = account(cash=D(500), position=D(5))
    step = planned("5", held, price=D(90))
    assert only(step) == ("stop", "SELL", "MARKET", D(5), None)
    assert step.reason == "stop_passed"


def test_a_venue_that_refuses_stops_has_the_position_closed_and_in_the_end_left_alone():
    held = {"cash": D(500), "position": D(5)}
    assert only(planned("5", account(**held, refused=1, stops_refused=1)))[2] == "STOP_LOSS"
    closing = planned("5", account(**held, refused=2, stops_refused=2))
    assert (only(closing)[2], closing.reason) == ("MARKET", "stop_refused")
    assert planned("5", account(**held, refused=4, stops_refused=4)) == Plan(reason="stop_refused")
    # refused entries do not keep what is held from being protected
    assert only(planned("9", account(**held, refused=2)))[0] == "stop"


AMOUNT = st.decimals(0, 100, places=3)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    stops: tuple[Order, ...] = ()
    reserved = draw(AMOUNT) if draw(st.booleans()) else D(0)
    if INSTRUMENT.quantity(reserved) > 0:
        stops = (order(Leg.STOP, OrderState.ACKED, str(reserved), str(draw(st.decimals(1, 300, places=2)))),)
    floor = draw(st.none() | st.decimals(1, 300, places=2))
    position = draw(AMOUNT)
    cash = draw(st.decimals(-10, 100_000, places=4))
    return account(cash=cash, position=position, reserved_position=reserved, working=stops, stop_floor=floor)


@given(
    accounts(),
    st.decimals(0, 200, places=3),
    st.decimals("0.5", 300, places=2),
    st.none() | st.decimals(0, 1, places=4),
)
def test_what_a_plan_never_does(of: Account, target: Decimal, price: Decimal, stop: Decimal | None):
    told = signal(stop=stop)
    step = plan(target, of, told, price, INSTRUMENT, LIMITS, 2)
    assert not (step.requests and step.cancels)
    assert len(step.requests) <= 1 or [request.key.leg for request in step.requests] == [Leg.STOP, Leg.ENTRY]
    assert set(step.cancels) <= set(of.working)
    for request in step.requests:
        assert request.quantity > 0
        assert request.quantity == INSTRUMENT.quantity(request.quantity)
        if request.side is Side.BUY:
            assert request.quantity * price * (1 + LIMITS.cash_buffer) <= of.cash
            assert of.holding + request.quantity <= target
        else:
            assert request.quantity <= of.position or not of.working
            assert request.quantity <= of.holding
        if request.type is OrderType.STOP_LOSS:
            assert request.stop is not None
            assert request.stop < price
            assert of.stop_floor is None or request.stop >= of.stop_floor
    # a repeated decision in an unchanged state changes its mind no more
    if step == Plan(reason="on_target"):
        assert plan(of.holding, of, told, price, INSTRUMENT, LIMITS, 3) == step


@given(st.decimals("0.1", 9, places=3), st.decimals("0.01", "0.5", places=2))
def test_a_position_that_has_its_stop_is_left_alone(held: Decimal, stop: Decimal):
    told = signal(stop=stop)
    first = plan(held, account(cash=D(500), position=held), told, PRICE, INSTRUMENT, LIMITS, 1)
    (request,) = first.requests
    working = Order(request, "id", OrderState.ACKED, 1, 1)
    after = account(cash=D(500), reserved_position=held, working=(working,), stop_floor=request.stop)
    assert plan(held, after, told, PRICE, INSTRUMENT, LIMITS, 2) == Plan(reason="on_target")
