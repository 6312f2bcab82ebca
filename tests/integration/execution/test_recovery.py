"""After a crash, beside a rival, and at a venue that shows what we do not know: nothing is assumed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.store import ledger, orders
from services.execution import booking
from tests.integration.execution.floor import SYMBOL, Floor
from trading.accounting.journal import deposit
from trading.errors import Interrupted, Unavailable, Unknown
from trading.fill import Fill
from trading.order import OrderState, OrderType, Side
from trading.ports import Outcome, Unreachable, VenueOrder, Verdict

HAPPY = [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]


def test_a_crash_before_and_after_the_wire_leaves_one_order(floor: Floor):
    for number, lives in enumerate((False, True, False, True)):
        floor.settle()
        send = floor.venue.send

        def crash(order: Any, *, lives: bool = lives, send: Any = send) -> Outcome:
            if lives:
                send(order)
            raise KeyboardInterrupt

        floor.venue.send = crash  # type: ignore[method-assign]
        floor.tell(floor.in_or_out(number))
        with pytest.raises(KeyboardInterrupt):
            floor.settle()
        floor.venue.send = send  # type: ignore[method-assign]
        floor.restart()
        floor.turns(5)
        floor.pass_time(timedelta(seconds=19))
        floor.settle()
        floor.check()
        floor.pass_time(timedelta(minutes=1))
    states = [(order.request.key.leg.value, order.state, order.attempt) for order in floor.orders()]
    assert ("entry", OrderState.ABSENT, 1) in states
    assert ("entry", OrderState.FILLED, 2) in states
    assert states[-1][:2] == ("exit", OrderState.FILLED)


def test_a_former_owner_sends_nothing(floor: Floor):
    floor.settle()
    former = floor.loop
    floor.restart()
    floor.tell(floor.signal())
    with pytest.raises(Interrupted):
        former.turn()
    assert floor.accepted() == []
    floor.settle()
    assert floor.states() == HAPPY
    floor.check()


def test_a_venue_that_is_down_proves_nothing(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    before = floor.states(), floor.owned()
    floor.simulator.crash()
    floor.restart()
    for _ in range(5):
        with pytest.raises(Unavailable):
            floor.loop.turn()
    assert (floor.states(), floor.owned()) == before
    assert floor.one("select count(*) from trading.fills") == 1


def test_an_intent_waits_until_its_symbol_is_reconciled(floor: Floor):
    floor.settle()
    floor.fault("too_many_429")
    floor.tell(floor.signal())
    floor.turns(10)
    assert floor.states()[1:] == [("entry", OrderState.INTENT)]
    floor.restart()
    floor.pass_time(timedelta(minutes=5))
    balances = floor.venue.balances
    floor.venue.balances = lambda: Unreachable("slow")  # type: ignore[method-assign]
    floor.turns(10)
    assert floor.states()[1:] == [("entry", OrderState.INTENT)]
    assert floor.symbol_state() == ("RECONCILING", "start")
    floor.venue.balances = balances  # type: ignore[method-assign]
    floor.settle()
    assert floor.states()[1:] == HAPPY
    floor.check()


def test_a_foreign_order_halts_its_symbol(floor: Floor):
    now = floor.now()
    stranger = floor.simulator.order(
        Side.BUY, "0.001", OrderType.LIMIT, limit=str((floor.price() * 4 / 5).quantize(Decimal("0.01"))), sent_at=now
    )
    assert floor.venue.send(stranger).verdict is Verdict.ACCEPTED
    floor.tell(floor.signal())
    floor.settle()
    state, reason = floor.symbol_state()
    assert state == "HALTED"
    assert stranger.client_id in reason
    assert floor.states() == []
    verdict = floor.rows("select reason from trading.risk_decisions")[0]
    assert "gate_closed:symbol" in verdict["reason"]
    # neither adopted nor cancelled
    open_orders = floor.venue.open_orders(SYMBOL)
    assert [order.client_id for order in open_orders.value] == [stranger.client_id]  # type: ignore[union-attr]


def test_a_strangers_trade_that_cannot_be_ours_keeps_no_order_in_doubt(floor: Floor):
    floor.settle()
    floor.fault("close_before")
    floor.tell(floor.signal())
    floor.turns(10)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    assert floor.order("entry").request.quantity < Decimal("0.2")
    floor.control.intervene("order", account="main", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.2")
    floor.pass_time(timedelta(seconds=20))
    floor.turns(30)
    assert floor.states()[0] == ("entry", OrderState.ABSENT)


def test_a_foreign_trade_halts_its_symbol_and_is_booked_apart(floor: Floor):
    assert floor.venue.send(floor.simulator.order(Side.BUY, "0.001")).verdict is Verdict.ACCEPTED
    floor.tell(floor.signal())
    floor.settle()
    state, reason = floor.symbol_state()
    assert (state, "foreign trades" in reason) == ("HALTED", True)
    assert floor.states() == []
    balances = floor.venue.balances()
    assert floor.owned() == balances.value  # type: ignore[union-attr]
    floor.restart()
    floor.settle()
    assert floor.symbol_state() == (state, reason)


def test_a_balance_that_differs_halts_the_symbol(floor: Floor):
    with floor.database.transaction() as connection:
        ledger.post(
            connection,
            deposit("book", "x", "y", "USDT", Decimal("0.01")),
            "book",
            "x",
            "y",
            datetime(2026, 1, 1, tzinfo=UTC),
        )
    floor.tell(floor.signal())
    floor.settle()
    assert floor.symbol_state() == ("HALTED", "USDT: books 20000.01, venue 20000")
    assert floor.states() == []


def test_a_fill_that_came_while_we_were_away_is_booked_before_trading(floor: Floor):
    floor.tell(floor.signal(stop=Decimal("0.001"), valid_until=floor.now() + timedelta(days=3)))
    floor.settle()
    stop = floor.order("stop")
    for _ in range(200):
        floor.pass_time(timedelta(minutes=15))
        seen = floor.venue.order(SYMBOL, stop.client_id)
        if seen.value.state is not OrderState.ACKED:  # type: ignore[union-attr]
            break
    floor.restart()
    floor.settle()
    assert floor.symbol_state() == ("OPEN", "reconciled")
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.FILLED)]
    floor.check()


def test_an_orders_fate_can_be_proven_after_the_last_bar_of_the_market(floor: Floor):
    floor.settle()
    floor.pass_time(timedelta(days=4))
    assert floor.control.state().finished
    floor.fault("close_before")
    floor.tell(floor.signal())
    floor.turns(10)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=19))
    floor.turns(20)
    assert floor.states()[0] == ("entry", OrderState.ABSENT)


def test_a_partial_fill_does_not_end_the_wish_to_cancel(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    stop, quantity = floor.order("stop"), Decimal("0.0001")
    with floor.database.transaction() as connection:
        assert orders.move(connection, stop, OrderState.PENDING_CANCEL, floor.now())
    assert stop.venue_order_id is not None
    ids = ("99", stop.venue_order_id, stop.client_id)
    trade = Fill("simulator", SYMBOL, *ids, Side.SELL, Decimal(100), quantity, Decimal(0), "USDT", floor.now())
    seen = VenueOrder(stop.venue_order_id, stop.client_id, SYMBOL, OrderState.PARTIAL, quantity)
    assert booking.settle(floor.desk, floor.order("stop"), seen, [trade]) is not None
    assert (floor.order("stop").state, floor.order("stop").filled) == (OrderState.PENDING_CANCEL, quantity)
    # told of more than the trades explain, nothing is booked
    more = VenueOrder(stop.venue_order_id, stop.client_id, SYMBOL, OrderState.FILLED, stop.request.quantity)
    with pytest.raises(Unknown, match="explain less"):
        booking.settle(floor.desk, floor.order("stop"), more)
    # a row that has moved on is left alone
    assert booking.settle(floor.desk, stop, seen, [trade]) is None
    assert floor.order("stop").filled == quantity


def test_a_known_trade_with_other_numbers_halts_its_symbol_and_is_not_booked(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    entry, owned = floor.order("entry"), floor.owned()
    row = floor.rows("select * from trading.fills")[0]
    changed = Fill(
        row["venue"],
        SYMBOL,
        row["trade_id"],
        row["venue_order_id"],
        entry.client_id,
        Side.BUY,
        row["price"] + 1,
        row["quantity"],
        row["fee"],
        row["fee_currency"],
        row["ts"],
    )
    for _ in range(2):
        with floor.desk.transaction() as connection:
            assert booking.book(connection, floor.desk, entry, [changed], floor.now()).quantity == 0
    assert floor.owned() == owned
    assert floor.one("select state from trading.symbol_states") == "HALTED"
    assert floor.one("select count(*) from ops.audit_events where kind = 'halted'") == 1
