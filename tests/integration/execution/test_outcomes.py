"""Every lie of a venue about an order ends with exactly one order there, and books that equal the venue's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.store import ledger
from services.execution import dispatch
from tests.integration.execution.floor import SYMBOL, Floor
from trading.accounting.journal import deposit
from trading.errors import Interrupted, Unavailable
from trading.order import OrderState, OrderType, Side
from trading.ports import Known, Outcome, Unreachable, Verdict

ACCEPTED = [
    "lose_answer",
    "short_answer",
    "empty_200",
    "html_200",
    "null_200",
    "list_200",
    "truncated_200",
    "unexpected_200",
    "unknown_503",
    "unexpected_500",
    "timeout_504",
    "gateway_502",
    "conflict_409",
]
NOT_ACCEPTED = ["close_before", "unavailable_503", "rejected_503", "proxy_400", "firewall_403", "redirect_302"]
REFUSED = ["overloaded_503", "too_many_429"]
HAPPY = [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]


def test_an_accepted_order_whose_answer_is_lost_or_broken_is_found(floor: Floor):
    for number, fault in enumerate(ACCEPTED):
        floor.fault(fault)
        floor.tell(_turn(floor, number))
        floor.settle()
        last = [order for order in floor.orders() if order.request.key.leg != "stop"][-1]
        assert (fault, last.state, last.attempt) == (fault, OrderState.FILLED, 1)
        floor.check()
        floor.pass_time(timedelta(minutes=1))
    assert all(order.attempt == 1 for order in floor.orders())


def _turn(floor: Floor, number: int) -> Any:
    """Return a signal to enter for even numbers, to leave for odd ones."""
    return floor.signal() if number % 2 == 0 else floor.signal(exposure=Decimal(0), stop=None)


@pytest.mark.parametrize("fault", NOT_ACCEPTED)
def test_an_order_is_absent_only_after_its_time_and_then_goes_out_under_another_id(floor: Floor, fault: str):
    floor.settle()
    floor.fault(fault)
    floor.tell(floor.signal())
    floor.turns(30)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    assert floor.accepted() == []
    # 3 s of receive window and 15 s of margin: not a moment earlier
    floor.pass_time(timedelta(seconds=18))
    floor.turns(30)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=1))
    floor.settle()
    assert floor.states() == [("entry", OrderState.ABSENT), *HAPPY]
    first, second, _ = floor.orders()
    assert (first.client_id[:-1], second.client_id[:-1]) == (second.client_id[:-1], first.client_id[:-1])
    assert (first.attempt, second.attempt) == (1, 2)
    floor.check()


def test_an_absent_order_of_an_expired_signal_is_not_sent_again(floor: Floor):
    floor.settle()
    floor.fault("close_before")
    floor.tell(floor.signal(valid_until=floor.now() + timedelta(seconds=10)))
    floor.turns(10)
    floor.pass_time(timedelta(seconds=20))
    floor.settle()
    assert floor.states() == [("entry", OrderState.ABSENT)]
    floor.check()


@pytest.mark.parametrize("fault", REFUSED)
def test_a_refusal_ends_the_attempt_and_a_few_end_the_signal(floor: Floor, fault: str):
    floor.settle()
    floor.fault(fault, 1)
    floor.tell(floor.signal())
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), *HAPPY]
    floor.check()
    floor.pass_time(timedelta(minutes=1))
    floor.fault(fault, 100)
    floor.tell(floor.signal(exposure=Decimal("0.9")))
    floor.settle()
    assert [state for _, state in floor.states()].count(OrderState.REJECTED) == 3
    assert floor.order("stop").state is OrderState.ACKED
    floor.check()


def test_a_lost_stop_is_found_and_not_placed_twice(floor: Floor):
    floor.settle()
    sent: list[str] = []
    send = floor.venue.send

    def lossy(order: Any) -> Outcome:
        sent.append(order.client_id)
        if len(sent) == 1:
            answer = send(order)
            floor.fault("lose_answer")
            return answer
        return send(order)

    floor.venue.send = lossy  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    assert floor.states() == HAPPY
    assert len(sent) == 2
    floor.check()


def test_an_order_that_is_not_visible_yet_is_waited_for(floor: Floor):
    floor.settle()
    floor.fault("lose_answer", visibility_lag_ms=8000)
    floor.tell(floor.signal())
    floor.turns(20)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=5))
    floor.turns(20)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=4))
    floor.settle()
    assert floor.states() == HAPPY
    floor.check()


def test_an_order_that_is_invisible_past_its_time_is_not_absent_while_its_trades_are_there(floor: Floor):
    floor.settle()
    floor.fault("lose_answer", visibility_lag_ms=60_000)
    floor.tell(floor.signal())
    floor.turns(10)
    floor.pass_time(timedelta(seconds=30))
    floor.turns(20)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=40))
    floor.settle()
    assert floor.states() == HAPPY
    floor.check()


def test_an_accepted_order_without_its_fills_is_never_absent(floor: Floor):
    floor.settle()
    send = floor.venue.send
    floor.control.faults({"rules": [], "visibility_lag_ms": 60_000})

    def no_fills(order: Any) -> Outcome:
        return replace(send(order), fills=())

    floor.venue.send = no_fills  # type: ignore[method-assign]
    fills = floor.venue.fills

    def blind(symbol: str, since: str | None) -> Any:
        return Known([])

    floor.venue.fills = blind  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.turns(10)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.pass_time(timedelta(seconds=30))
    floor.turns(20)
    assert floor.states() == [("entry", OrderState.UNKNOWN)]
    floor.venue.fills = fills  # type: ignore[method-assign]
    floor.pass_time(timedelta(seconds=40))
    floor.settle()
    assert floor.states() == HAPPY
    floor.check()


@pytest.mark.parametrize("late", ["NOT_SENT", "-1021"])
def test_an_attempt_that_came_too_late_is_followed_by_another_and_is_no_refusal(floor: Floor, late: str):
    floor.settle()
    send, sent = floor.venue.send, []

    def slow(order: Any) -> Outcome:
        sent.append(order.attempt)
        if len(sent) <= 2:
            return Outcome(Verdict.REFUSED, late, "too late")
        return send(order)

    floor.venue.send = slow  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), ("entry", OrderState.REJECTED), *HAPPY]
    assert sent == [1, 2, 3, 1]
    floor.check()


def test_attempts_have_an_end(floor: Floor):
    floor.settle()
    sent: list[int] = []

    def never(order: Any) -> Outcome:
        sent.append(order.attempt)
        return Outcome(Verdict.REFUSED, "-1021", "too late")

    floor.venue.send = never  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    assert sent == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]
    assert {state for _, state in floor.states()} == {OrderState.REJECTED}
    floor.check()


def test_a_frozen_sender_finds_its_own_request_refused_by_the_venue(floor: Floor):
    """The venue itself refuses a request that is older than its receive window."""
    floor.settle()
    send, sent = floor.venue.send, []

    def frozen(order: Any) -> Outcome:
        sent.append(order.client_id)
        if len(sent) == 1:
            floor.pass_time(timedelta(seconds=4))
        return send(order)

    floor.venue.send = frozen  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    assert floor.orders()[0].state is OrderState.REJECTED
    assert floor.states() == [("entry", OrderState.REJECTED), *HAPPY]
    floor.check()


def test_a_crash_before_and_after_the_wire_leaves_one_order(floor: Floor):
    for number, lives in enumerate((False, True, False, True)):
        floor.settle()
        send = floor.venue.send

        def crash(order: Any, *, lives: bool = lives, send: Any = send) -> Outcome:
            if lives:
                send(order)
            raise KeyboardInterrupt

        floor.venue.send = crash  # type: ignore[method-assign]
        floor.tell(_turn(floor, number))
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
    assert floor.simulator.process is not None
    floor.simulator.process.kill()
    floor.simulator.process.wait(10)
    floor.restart()
    for _ in range(5):
        with pytest.raises(Unavailable):
            floor.loop.turn()
    assert (floor.states(), floor.owned()) == before
    assert floor.one("select count(*) from trading.fills") == 1


def test_an_intent_waits_until_its_symbol_is_reconciled(floor: Floor):
    floor.settle()
    send, balances = floor.venue.send, floor.venue.balances
    floor.venue.send = _raise  # type: ignore[method-assign, assignment]
    floor.tell(floor.signal())
    original = dispatch.send
    try:
        dispatch.send = lambda desk, order: None  # type: ignore[assignment]
        floor.turns(10)
    finally:
        dispatch.send = original
    assert floor.states() == [("entry", OrderState.INTENT)]
    floor.restart()
    floor.venue.balances = lambda: Unreachable("slow")  # type: ignore[method-assign]
    floor.turns(10)
    assert floor.states() == [("entry", OrderState.INTENT)]
    assert floor.symbol_state() == ("RECONCILING", "start")
    floor.venue.balances, floor.venue.send = balances, send  # type: ignore[method-assign]
    floor.settle()
    assert floor.states() == HAPPY
    floor.check()


def _raise(order: Any) -> Outcome:
    raise AssertionError(f"{order.client_id} was sent")


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


def test_a_foreign_trade_halts_its_symbol(floor: Floor):
    assert floor.venue.send(floor.simulator.order(Side.BUY, "0.001")).verdict is Verdict.ACCEPTED
    floor.tell(floor.signal())
    floor.settle()
    state, reason = floor.symbol_state()
    assert (state, "foreign trades" in reason, "BTC: books 0" in reason) == ("HALTED", True, True)
    assert floor.states() == []


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
