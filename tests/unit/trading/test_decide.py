"""The one decision path: what it asks for, and what it answers instead."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.trading.made import INSTRUMENT, LIMITS, NOW, PRICE, account, protected, signal
from trading.account import Account, flat
from trading.decide import Decision, Market, decide
from trading.limits import Limits
from trading.order import Leg
from trading.signal import Signal

D = Decimal
LATER = NOW + timedelta(hours=1)


def decided(
    of: Account, told: Signal | None = None, number: int = 1, limits: Limits = LIMITS, **market: Any
) -> Decision:
    fields: dict[str, Any] = {"instrument": INSTRUMENT, "price": PRICE, "now": NOW, **market}
    return decide(told or signal(), of, Market(**fields), limits, number)


def test_a_signal_becomes_an_entry():
    decision = decided(account())
    assert (decision.verdict, decision.reason, decision.target) == ("TRADE", "why", D(5))
    assert [request.key.leg for request in decision.requests] == [Leg.ENTRY]
    assert decision == decided(account())


def test_a_position_on_target_is_held():
    assert decided(protected()) == Decision("HOLD", "on_target,why", D(5))


def test_an_expired_signal_is_denied_before_its_first_decision():
    assert decided(account(), now=LATER) == Decision("DENIED", "expired", D(0))
    assert decided(account(), now=LATER - timedelta(microseconds=1)).verdict == "TRADE"


def test_an_expired_signal_keeps_protecting_and_changes_the_holding_no_more():
    assert decided(account(), number=2, now=LATER) == Decision("HOLD", "expired,on_target,why", D(0))
    naked = account(cash=D(500), position=D(5))
    assert [one.key.leg for one in decided(naked, number=2, now=LATER).requests] == [Leg.STOP]
    flat_signal = signal(exposure=D(0), stop=None)
    assert decided(naked, flat_signal, number=2, now=LATER).verdict == "HOLD"


def test_after_a_stop_fill_the_rest_is_sold_and_nothing_bought_back():
    out = account(stopped_at=NOW + timedelta(minutes=5))
    assert decided(out, number=3) == Decision("HOLD", "stopped_out,on_target,why", D(0))
    rest = account(cash=D(800), position=D(2), stopped_at=NOW)
    assert [(one.key.leg, one.quantity) for one in decided(rest, number=3).requests] == [(Leg.EXIT, D(2))]
    # a newer signal begins anew
    assert decided(account(stopped_at=NOW - timedelta(seconds=1))).verdict == "TRADE"


def test_a_closed_gate_lets_exits_pass():
    closed: dict[str, Any] = {"entry_gate_open": False, "gate_reason": "halt x"}
    assert decided(account(**closed)) == Decision("HOLD", "gate_closed:halt x,on_target,why", D(0))
    leaving = decided(protected(**closed), signal(exposure=D(0)))
    assert (leaving.verdict, leaving.cancels) == ("TRADE", protected().working)


def test_outside_the_trading_hours_nothing_grows():
    shut = Limits(closed=("daily 11:00-12:01",))
    assert decided(account(), limits=shut) == Decision("HOLD", "trading_hours:daily 11:00-12:01,on_target,why", D(0))
    leaving = decided(protected(), signal(exposure=D(0)), limits=shut)
    assert (leaving.verdict, leaving.cancels) == ("TRADE", protected().working)
    assert decided(account(), limits=Limits(closed=("daily 11:00-12:00",))).verdict == "TRADE"


def test_a_stop_that_would_cost_too_much_makes_the_position_smaller():
    free = decided(account())
    careful = Limits(max_loss=D("0.005"))
    of = account()
    decision = decided(of, limits=careful)
    told = signal()
    assert told.stop is not None
    level = of.stop_level(told.reference_price, told.stop, INSTRUMENT)
    assert decision.reason == "risk_at_stop,why"
    assert 0 < decision.target < free.target
    assert decision.target * (PRICE - level) <= D("0.005") * of.equity(PRICE)
    assert (decision.target + INSTRUMENT.lot) * (PRICE - level) > D("0.005") * of.equity(PRICE)
    bare = decided(of, signal(stop=None), limits=careful)
    assert bare.target * PRICE <= D("0.005") * of.equity(PRICE) < decision.target * PRICE


def test_a_position_of_enough_legs_grows_no_more_and_is_protected():
    of = account(cash=D(800), position=D(2), legs=2, leg_price=PRICE)
    assert decided(of).verdict == "TRADE"
    assert "entry" in [str(one.key.leg) for one in decided(of).requests]
    for limits, why in ((Limits(max_legs=2), "max_legs"), (Limits(leg_spacing=D("0.01")), "leg_spacing")):
        decision = decided(of, limits=limits)
        assert (decision.target, [str(one.key.leg) for one in decision.requests]) == (D(2), ["stop"])
        assert decision.reason.startswith(f"{why},")


def test_a_drawdown_stops_new_risk():
    decision = decided(account(peak_equity=D(2000)))
    assert (decision.verdict, decision.reason) == ("HOLD", "drawdown_guard,on_target,why")


def test_the_steps_that_changed_the_target_are_named_in_order():
    decision = decided(account(), signal(exposure=D(1)))
    assert (decision.target, decision.reason) == (D("9.5"), "position_limit,why")
    decision = decided(account(), signal(exposure=D(1), volatility=D("0.05")))
    assert (decision.target, decision.reason) == (D("0.816"), "volatility_target,why")


@pytest.mark.parametrize(
    ("of", "told", "market", "code"),
    [
        (account(), signal(volatility=D(0)), {}, "no_reference"),
        (account(), None, {"price": D(0)}, "no_reference"),
        (account(), signal(reference_price=D(80)), {}, "price_collar"),
        (account(), signal(reference_price=D(0)), {}, "no_reference"),
        (account(cash=D(200_000), peak_equity=D(0)), None, {}, "max_order_value"),
        (account(), None, {"instrument": replace(INSTRUMENT, status="HALT")}, "instrument_status"),
    ],
)
def test_denied_codes(of: Account, told: Signal | None, market: dict[str, Any], code: str):
    decision = decided(of, told, **market)
    assert (decision.verdict, decision.requests, decision.cancels) == ("DENIED", (), ())
    assert decision.reason.split(":")[0] == code


@pytest.mark.parametrize(
    "told",
    [
        signal(exposure=D(1), reference_price=D(80)),
        signal(exposure=D(1), stop=D("0.2")),
        signal(exposure=D(1), volatility=D(0)),
    ],
)
def test_what_may_not_grow_is_protected_nevertheless(told: Signal):
    naked = account(cash=D(100_000), position=D(1000), peak_equity=D(0))
    decision = decided(naked, told, number=2)
    assert (decision.verdict, decision.target) == ("TRADE", D(1000))
    assert decision.reason.split(":")[0] in ("price_collar", "max_order_value", "no_reference")
    assert [(one.key.leg, one.quantity) for one in decision.requests] == [(Leg.STOP, D(1000))]
    # nothing is left to do once it is
    kept = replace(naked, position=D(0), reserved_position=D(1000), working=protected("1000", "90").working)
    assert decided(kept, told, number=3).verdict == "DENIED"


def test_without_a_price_an_expired_or_stopped_out_position_is_not_sold_for_nothing():
    naked = account(cash=D(500), position=D(5))
    assert decided(naked, number=2, now=LATER, price=D(0)).verdict == "DENIED"
    assert decided(replace(naked, stopped_at=NOW), number=2, price=D(0)).verdict == "DENIED"


def test_a_new_sub_account_holds_only_cash():
    fresh = flat("book", "strategy", "BTC/USDT", D(1000))
    assert (fresh.equity(PRICE), fresh.holding, fresh.working_of(Leg.STOP)) == (D(1000), D(0), ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_position": "0"},
        {"max_position": "1.1"},
        {"max_drawdown": "-0.1"},
        {"target_volatility": "20"},
        {"cash_buffer": "1"},
        {"max_position": "0.99"},
        {"max_order_value": "0"},
        {"leverage": "3"},
        {"price_collar": "NaN"},
        {"max_loss": "0"},
        {"max_loss": "1.01"},
        {"max_loss": "NaN"},
        {"max_legs": "0"},
        {"max_legs": "1.5"},
        {"max_legs": "1001"},
        {"leg_spacing": "-0.01"},
        {"leg_spacing": "1"},
        {"closed": "sometimes"},
        {"closed": "sat-son"},
        {"closed": "daily 10:00-10:00"},
        {"closed": "daily 10:00-25:00"},
        {"closed": "daily 24:00-10:00"},
        {"closed": "daily 10:60-11:00"},
        {"closed": "2026-12-02/2026-12-01"},
        {"closed": "2026-12-01/tomorrow"},
        {"closed": "0001-01-01T00:00+05:00/2026-12-01"},
    ],
)
def test_limits_that_cannot_be_meant_are_refused(wrong: dict[str, str]):
    with pytest.raises(ValidationError):
        Limits(**wrong)  # pyright: ignore[reportArgumentType]
