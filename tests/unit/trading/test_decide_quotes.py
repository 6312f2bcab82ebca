"""Quotes through the decision path: what rests, what is topped up, and when nothing may rest."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.trading.made import INSTRUMENT, LIMITS, NOW, PRICE, account, order, quoted, signal
from trading.account import Account
from trading.decide import Decision, Market, decide
from trading.order import Leg, Order, OrderState, OrderType, Side
from trading.quote import Quote
from trading.signal import Signal

D = Decimal
#: Three units of a fifth each: bought at 99, 98 and 97, sold one higher.
GRID = (
    *(Quote(Side.BUY, D(100 - unit), D("0.2") * unit) for unit in (1, 2, 3)),
    *(Quote(Side.SELL, D(101 - unit), D("0.2") * (unit - 1)) for unit in (1, 2, 3)),
)
TARGETS = (Quote(Side.SELL, D(105), D("0.25")), Quote(Side.SELL, D(110), D(0)))


def quoting(**changes: Any) -> Signal:
    return signal(**{"exposure": None, "stop": None, "quotes": GRID, **changes})


def decided(of: Account, told: Signal | None = None, number: int = 1, **market: Any) -> Decision:
    fields: dict[str, Any] = {"instrument": INSTRUMENT, "price": PRICE, "now": NOW, **market}
    return decide(told or quoting(), of, Market(**fields), LIMITS, number)


def asked(decision: Decision) -> list[tuple[str, str, str]]:
    assert all(one.type is OrderType.LIMIT for one in decision.requests)
    assert all(one.reduce_only is (one.side is Side.SELL) for one in decision.requests)
    return [(one.key.place, str(one.limit), str(one.quantity)) for one in decision.requests]


def with_orders(decision: Decision, of: Account, filled: dict[str, Decimal] | None = None) -> Account:
    """What `of` is once the orders of `decision` work, the named ones filled so far."""
    filled = filled or {}
    working, cash, held = list[Order](), of.cash, of.position
    reserved_cash, reserved = of.reserved_cash, of.reserved_position
    for request in decision.requests:
        done = filled.get(request.key.place, D(0))
        limit = request.limit or D(0)
        if request.side is Side.BUY:
            hold = (request.quantity - done) * limit * D("1.02")
            cash, reserved_cash, held = cash - hold - done * limit, reserved_cash + hold, held + done
        else:
            held, reserved, cash = held - request.quantity, reserved + request.quantity - done, cash + done * limit
        if done < request.quantity:
            working.append(Order(request, request.key.client_id("book", 1), OrderState.ACKED, 1, 1, filled=done))
    return replace(
        of, cash=cash, position=held, reserved_cash=reserved_cash, reserved_position=reserved, working=tuple(working)
    )


def test_a_grid_with_nothing_bids_and_is_then_left_alone():
    first = decided(account())
    assert (first.verdict, first.reason, first.target) == ("TRADE", "quotes,why", D(0))
    assert [place for place, *_ in asked(first)] == ["bid1", "bid2", "bid3"]
    assert [limit for _, limit, _ in asked(first)] == ["99", "98", "97"]
    after = with_orders(first, account())
    assert decided(after, number=2) == Decision("HOLD", "on_target,why", D(0))


def test_a_unit_that_fills_is_offered_one_step_higher_and_the_others_stay():
    first = decided(account())
    whole = {"bid1": first.requests[0].quantity}
    after = with_orders(first, account(), whole)
    assert asked(decided(after, number=2)) == [("ask1", "100", str(whole["bid1"]))]
    # The units above and below it are those of what is held: nothing else is remembered.
    anew = replace(after, working=(), reserved_cash=D(0), cash=after.cash + after.reserved_cash)
    assert [(place, limit) for place, limit, _ in asked(decided(anew, number=2))] == [
        ("bid1", "98"),
        ("bid2", "97"),
        ("ask1", "100"),
    ]


def test_what_fills_in_parts_is_offered_in_parts():
    first = decided(account())
    half = with_orders(first, account(), {"bid1": D("1.01")})
    assert asked(decided(half, number=2)) == [("ask1", "100", "1.010")]
    more = with_orders(
        decided(half, number=2), replace(half, position=D("1.51"), reserved_cash=half.reserved_cash - D("49.5"))
    )
    bids = [replace(one, filled=D("1.51")) if one.filled else one for one in half.working]
    more = replace(more, working=(*bids, *more.working))
    assert asked(decided(more, number=3)) == [("ask1", "100", "0.500")]


def test_quotes_that_are_not_wanted_go_before_others_come():
    stale = quoted(Leg.BID, 1, "2.02", "96")
    of = account(cash=D(800), reserved_cash=D(200), working=(stale,))
    first = decided(of)
    assert (first.requests, first.cancels, first.reason) == ((), (stale,), "quotes,why")
    assert decided(replace(of, working=(replace(stale, state=OrderState.PENDING_CANCEL),))).reason.startswith("waiting")


@pytest.mark.parametrize(
    ("changes", "market", "reason"),
    [
        ({"entry_gate_open": False, "gate_reason": "data gap"}, {}, "quotes,why"),
        ({}, {"now": NOW + timedelta(hours=1)}, "expired,quotes,why"),
        ({"stopped_at": NOW}, {}, "stopped_out,quotes,why"),
    ],
)
def test_nothing_rests_on_doubtful_data_after_a_stop_or_when_the_signal_is_over(
    changes: dict[str, Any], market: dict[str, Any], reason: str
):
    working = (quoted(Leg.BID, 1, "2.02", "99"), quoted(Leg.ASK, 1, "2", "100"))
    of = account(cash=D(600), reserved_cash=D(200), reserved_position=D(2), working=working, **changes)
    decision = decided(of, number=2, **market)
    assert (decision.requests, decision.cancels, decision.reason) == ((), working, reason)
    empty = account(**changes)
    assert decided(empty, number=2, **market).verdict == "HOLD"


def test_a_loss_from_the_peak_ends_the_bids_and_not_the_asks():
    of = account(cash=D(500), position=D(3), peak_equity=D(1100))
    decision = decided(of)
    assert {place.rstrip("0123456789") for place, *_ in asked(decision)} == {"ask"}


def test_what_one_order_may_be_worth_holds_for_quotes():
    rich = account(cash=D(10_000_000), peak_equity=D(10_000_000))
    decision = decided(rich)
    assert (decision.verdict, decision.requests) == ("DENIED", ())
    assert "max_order_value" in decision.reason
    # A bid that is too large takes all bids back; what is held is offered nevertheless.
    holder = account(cash=D(10_000_000), position=D(30_000), peak_equity=D(10_000_000))
    offered = decided(holder)
    assert offered.verdict == "TRADE"
    assert {place.rstrip("0123456789") for place, *_ in asked(offered)} == {"ask"}
    assert offered.reason.startswith("max_order_value")


def test_a_profit_target_sells_once_and_nothing_is_bought_back():
    told = signal(stop=None, quotes=TARGETS)
    assert [one.key.leg for one in decided(account(), told).requests] == [Leg.ENTRY]
    held = account(cash=D(500), position=D(5))
    assert [(place, limit) for place, limit, _ in asked(decided(held, told, 2))] == [("ask1", "105"), ("ask2", "110")]
    taken = account(cash=D("768.8"), position=D("2.44"), taken_at=NOW + timedelta(minutes=3))
    assert [(place, limit) for place, limit, _ in asked(decided(taken, told, 3))] == [("ask1", "110")]
    done = account(cash=D(1040), peak_equity=D(1040), taken_at=NOW + timedelta(minutes=9))
    assert decided(done, told, 4) == Decision("HOLD", "profit_taken,on_target,why", D(0))
    # A newer signal may buy again.
    newer = replace(told, decided_at=NOW + timedelta(minutes=10))
    assert [one.key.leg for one in decided(done, newer, 1).requests] == [Leg.ENTRY]


def test_an_exit_cancels_the_asks_that_lock_what_it_sells():
    asks = (quoted(Leg.ASK, 1, "5", "105"),)
    of = account(cash=D(500), reserved_position=D(5), working=asks)
    # Still wanted as quotes, but in the way.
    told = signal(exposure=D(0), stop=None, quotes=(Quote(Side.SELL, D(105), D(0)),))
    first = decided(of, told)
    assert (first.requests, first.cancels) == ((), asks)
    free = account(cash=D(500), position=D(5))
    assert [one.key.leg for one in decided(free, told, 2).requests] == [Leg.EXIT]


def test_a_stop_is_gone_before_asks_come():
    stop = order(Leg.STOP, OrderState.ACKED, "5", "90")
    of = account(cash=D(500), reserved_position=D(5), working=(stop,))
    told = signal(stop=None, quotes=TARGETS)
    assert decided(of, told).cancels == (stop,)


def test_bids_stand_beside_a_stop_that_covers_what_they_have_bought():
    told = quoting(stop=D("0.1"), quotes=GRID[:3])
    of = account(cash=D(700), position=D(3))
    decision = decided(of, told)
    assert [one.key.place for one in decision.requests] == ["stop", "bid1", "bid2"]
    assert decision.requests[0].quantity == D(3)
