"""What an answer, a look at the venue or the passing of time proves about an order, and what it does not."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import NOW, order
from trading.errors import BadData
from trading.execution import lifecycle, protocol
from trading.fill import Fill
from trading.order import Leg, Order, OrderState, Side
from trading.ports import Outcome, VenueOrder, Verdict

S = OrderState
END = NOW + timedelta(hours=1)
TICK = timedelta(microseconds=1)


def sent(leg: Leg = Leg.ENTRY, state: OrderState = S.SENDING, **changes: object) -> Order:
    made = replace(order(leg, state), sent_at=NOW, recv_window_ms=3000)
    return replace(made, **changes)  # type: ignore[arg-type]


def seen(state: OrderState, filled: str = "0") -> VenueOrder:
    return VenueOrder("7", "id", "BTC/USDT", state, order(Leg.ENTRY, state, filled).request.quantity)


@pytest.mark.parametrize(
    ("leg", "now", "closed_by", "why"),
    [
        (Leg.ENTRY, NOW, "", ""),
        (Leg.ENTRY, NOW, "halt kill", "halt kill"),
        (Leg.ENTRY, END - TICK, "", ""),
        (Leg.ENTRY, END, "", "expired"),
        (Leg.ENTRY, END, "halt kill", "expired"),
        (Leg.EXIT, NOW, "halt kill", ""),
        (Leg.EXIT, END, "", "expired"),
        (Leg.STOP, END, "halt kill", ""),
    ],
)
def test_what_holds_an_intent_back(leg: Leg, now: datetime, closed_by: str, why: str):
    found = protocol.obstacle(order(leg, S.INTENT).request, now, END, closed_by)
    assert found == why or (why == "expired" and "expired" in found)


@pytest.mark.parametrize(
    ("seconds", "window", "late"),
    [(0.5, 3000, False), (0.501, 3000, True), (0.25, 500, False), (0.26, 500, True), (0.0, 0, False), (0.01, 0, True)],
)
def test_a_decision_is_fresh_for_half_a_second_and_never_longer_than_half_its_window(
    seconds: float, window: int, late: bool
):
    assert protocol.too_late(seconds, window) is late


@pytest.mark.parametrize("code", sorted(protocol.OF_THE_MOMENT | {"absent"}))
def test_another_attempt_follows_what_was_no_fault_of_the_order(code: str):
    assert protocol.follows(sent(), code, NOW, END)
    assert protocol.follows(sent(), code, END - TICK, END)
    assert not protocol.follows(sent(), code, END, END)
    assert protocol.follows(sent(Leg.STOP), code, END, END)
    assert not protocol.follows(sent(Leg.EXIT), code, END, END)
    last = protocol.MOST_ATTEMPTS
    assert protocol.follows(sent(attempt=last - 1), code, NOW, END)
    assert not protocol.follows(sent(attempt=last), code, NOW, END)
    assert protocol.follows(sent(Leg.STOP, attempt=last), code, NOW, END), "a position must not stay without its stop"


def test_attempts_give_the_fault_more_time_each_time():
    pauses = [protocol.pause(attempt) for attempt in (1, 2, 3, 4, 5, 6, 7, 1000)]
    assert pauses == [0, 0.25, 0.5, 1, 2, 4, 4, 4]


@pytest.mark.parametrize("code", ["-2010", "-1013", "-2015", "-1002", "", "void"])
def test_no_attempt_follows_what_the_venue_will_refuse_again(code: str):
    assert not protocol.follows(sent(Leg.STOP), code, NOW, END)


@pytest.mark.parametrize("state", S)
def test_absence_can_be_proven_of_what_may_not_have_arrived_and_only_by_time(state: OrderState):
    begins = protocol.absence_begins(sent(state=state), 15_000)
    may = state in (S.SENDING, S.UNKNOWN)
    assert begins == (NOW + timedelta(seconds=18) if may else None)
    # what has an id exists, and what was never sent cannot be missing
    assert protocol.absence_begins(sent(state=state, venue_order_id="7"), 15_000) is None
    assert protocol.absence_begins(sent(state=state, sent_at=None), 15_000) is None


def test_an_order_without_a_window_has_the_margin_alone():
    assert protocol.absence_begins(sent(recv_window_ms=None), 15_000) == NOW + timedelta(seconds=15)


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (S.SENDING, S.ACKED, S.ACKED),
        (S.UNKNOWN, S.FILLED, S.FILLED),
        (S.SENDING, None, S.SENDING),
        (S.SENDING, S.PENDING_CANCEL, S.ACKED),
        (S.ACKED, S.PARTIAL, S.PARTIAL),
        (S.PARTIAL, S.ACKED, S.PARTIAL),
        (S.PARTIAL, S.PENDING_CANCEL, S.PARTIAL),
        (S.PENDING_CANCEL, S.ACKED, S.PENDING_CANCEL),
        (S.PENDING_CANCEL, S.PARTIAL, S.PENDING_CANCEL),
        (S.PENDING_CANCEL, S.CANCELED, S.CANCELED),
        (S.PARTIAL, S.FILLED, S.FILLED),
        (S.ACKED, S.EXPIRED, S.EXPIRED),
    ],
)
def test_neither_a_fill_nor_the_wish_to_cancel_goes_away(
    before: OrderState, told: OrderState | None, after: OrderState
):
    assert protocol.after(sent(state=before), Outcome(Verdict.ACCEPTED, state=told)) is after


AT_VENUE = (S.ACKED, S.PARTIAL, S.PENDING_CANCEL, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED)


@given(
    st.sampled_from([state for state in S if not state.terminal and state is not S.INTENT]), st.sampled_from(AT_VENUE)
)
def test_whatever_the_venue_sees_leads_along_the_lifecycle_or_is_refused(before: OrderState, told: OrderState):
    after = protocol.after(sent(state=before), seen(told))
    if after is before:
        return
    if told is S.REJECTED and before not in (S.SENDING, S.UNKNOWN):
        with pytest.raises(BadData):
            lifecycle.check(before, after)
    else:
        lifecycle.check(before, after)


def test_news_is_a_new_quantity_or_a_new_state():
    resting = sent(state=S.ACKED)
    nothing, some = (VenueOrder("7", "id", "BTC/USDT", S.ACKED, resting.filled + more) for more in (0, 1))
    assert not protocol.news(resting, nothing)
    assert protocol.news(resting, some)
    assert protocol.news(sent(state=S.UNKNOWN), nothing)
    assert not protocol.news(sent(state=S.PENDING_CANCEL), nothing)


@pytest.mark.parametrize(
    ("changes", "belongs"),
    [
        ({}, True),
        ({"ts": NOW - timedelta(seconds=1)}, True),
        ({"ts": NOW - timedelta(seconds=1) - TICK}, False),
        ({"side": Side.SELL}, False),
        ({"quantity": Decimal("5.01")}, False),
        ({"quantity": Decimal(5)}, True),
    ],
)
def test_a_trade_that_nobody_explains_may_be_one_of_an_order_in_doubt(changes: dict[str, object], belongs: bool):
    trade = Fill("venue", "BTC/USDT", "1", "9", "", Side.BUY, Decimal(100), Decimal(1), Decimal(0), "BTC", NOW)
    found = sent(state=S.UNKNOWN)
    assert found.remaining == Decimal(5)
    assert protocol.may_belong(found, replace(trade, **changes)) is belongs  # type: ignore[arg-type]
    assert not protocol.may_belong(replace(found, sent_at=None), trade)


def test_why_one_decides_again_is_told_by_the_state_alone():
    told = {state: protocol.cause(state) for state in OrderState if state.terminal}
    assert told[OrderState.FILLED] == protocol.cause(OrderState.PARTIAL) == "fill"
    assert {told[state] for state in (OrderState.CANCELED, OrderState.EXPIRED)} == {"canceled", "expired"}
