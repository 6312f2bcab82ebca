"""Every lie of a venue about an order ends with exactly one order there, and books that equal the venue's."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.bus.signal_topic import cluster_id
from services.execution.loop import Loop
from tests.integration.execution.floor import KEY, SYMBOL, VERSION, Floor
from trading.execution import protocol
from trading.order import Leg, OrderState, OrderType
from trading.ports import Clock, Known, Outcome, Verdict

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
HAPPY = [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]


class Aligned:
    """A clock that counts how often it was set."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self.aligned = clock, 0

    def now(self) -> datetime:
        return self._clock.now()

    def align(self) -> timedelta:
        self.aligned += 1
        return timedelta(0)


def test_an_accepted_order_whose_answer_is_lost_or_broken_is_found(floor: Floor):
    for number, fault in enumerate(ACCEPTED):
        floor.fault(fault)
        floor.tell(floor.in_or_out(number))
        floor.settle()
        last = [order for order in floor.orders() if order.request.key.leg != "stop"][-1]
        assert (fault, last.state, last.attempt) == (fault, OrderState.FILLED, 1)
        floor.check()
        floor.pass_time(timedelta(minutes=1))
    assert all(order.attempt == 1 for order in floor.orders())


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


def test_a_refusal_ends_the_attempt_and_a_few_end_the_signal(floor: Floor):
    floor.settle()
    floor.fault("overloaded_503", 1)
    floor.tell(floor.signal())
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), *HAPPY]
    floor.check()
    floor.pass_time(timedelta(minutes=1))
    floor.fault("overloaded_503", 100)
    floor.tell(floor.signal(exposure=Decimal("0.9")))
    floor.settle()
    assert [state for _, state in floor.states()].count(OrderState.REJECTED) == 3
    assert floor.order("stop").state is OrderState.ACKED
    floor.check()


@pytest.mark.parametrize("fault", ["too_many_429", "banned_418"])
def test_a_venue_that_asks_for_a_pause_is_left_alone_for_it(floor: Floor, fault: str):
    floor.settle()
    floor.fault(fault)
    floor.tell(floor.signal())
    floor.turns(20)
    assert floor.states() == [("entry", OrderState.REJECTED), ("entry", OrderState.INTENT)]
    # not a single signed request before the pause is over
    requests = [event for event in floor.record() if event["event"] == "request" and event["path"] != "/api/v3/time"]
    assert [event["method"] for event in requests].index("POST") == len(requests) - 1
    floor.pass_time(timedelta(minutes=5))
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), *HAPPY]
    floor.check()


def test_a_pause_that_outlives_the_signal_ends_it_without_an_order(floor: Floor):
    floor.settle()
    floor.fault("too_many_429")
    floor.tell(floor.signal(valid_until=floor.now() + timedelta(seconds=1)))
    floor.turns(10)
    floor.pass_time(timedelta(minutes=5))
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), ("entry", OrderState.CANCELED)]
    assert floor.accepted() == []
    floor.check()


def test_a_key_that_is_refused_twice_halts_the_book(floor: Floor):
    floor.settle()
    floor.fault("revoked_401", 100)
    floor.tell(floor.signal())
    floor.settle()
    assert [state for _, state in floor.states()] == [OrderState.REJECTED] * 2
    assert "API key" in floor.one("select reason from trading.halts where symbol is null")
    floor.check()


def test_a_position_whose_stop_is_refused_is_closed(floor: Floor):
    floor.settle()
    send = floor.venue.send

    def no_stops(order: Any) -> Outcome:
        if order.request.type is OrderType.STOP_LOSS:
            return Outcome(Verdict.REFUSED, "-1013", "Filter failure: PERCENT_PRICE_BY_SIDE")
        return send(order)

    floor.venue.send = no_stops  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    assert floor.states() == [
        ("entry", OrderState.FILLED),
        ("stop", OrderState.REJECTED),
        ("stop", OrderState.REJECTED),
        ("stop", OrderState.FILLED),
    ]
    # the rest is less than the venue takes as an order
    assert floor.owned().get("BTC", Decimal(0)) < floor.desk.instruments[SYMBOL].lot
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


def test_a_stop_is_tried_until_it_stands_under_the_time_that_the_venue_has_now(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    """A position must not stay naked because the clock was off for longer than some number of attempts."""
    monkeypatch.setattr(protocol, "_LONGEST_PAUSE_SECONDS", 0.25)
    floor.settle()
    clock = Aligned(floor.desk.clock)
    floor.loop = Loop(
        [replace(floor.desk, clock=clock)], floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY
    )
    send, late = floor.venue.send, 2 * protocol.MOST_ATTEMPTS

    def off(order: Any) -> Outcome:
        if order.request.key.leg is Leg.STOP and order.attempt <= late:
            return Outcome(Verdict.REFUSED, "-1021", "too late")
        return send(order)

    floor.venue.send = off  # type: ignore[method-assign]
    floor.tell(floor.signal())
    floor.settle()
    wanted = [HAPPY[0], *[("stop", OrderState.REJECTED)] * late, HAPPY[1]]
    assert sorted(floor.states()) == sorted(wanted)
    assert clock.aligned == late
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
