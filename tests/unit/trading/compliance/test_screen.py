from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.trading.made import INSTRUMENT, LIMITS, PRICE, order, quoted
from trading.compliance.screen import screen
from trading.errors import Denied
from trading.order import Leg, OrderRequest, OrderState

D = Decimal
ENTRY = order(Leg.ENTRY, OrderState.INTENT).request
EXIT = order(Leg.EXIT, OrderState.INTENT).request
STOP = order(Leg.STOP, OrderState.INTENT, "5", "90").request
BID = quoted(Leg.BID, 1, "5", "95").request
ASK = quoted(Leg.ASK, 1, "5", "105").request


def test_sound_orders_pass():
    for request in (ENTRY, EXIT, STOP, BID, ASK, replace(BID, limit=D(50)), replace(ASK, limit=D(500))):
        screen(request, PRICE, PRICE, INSTRUMENT, LIMITS)


@pytest.mark.parametrize(
    ("request_", "code", "changes"),
    [
        (ENTRY, "instrument_status", {"instrument": replace(INSTRUMENT, status="HALT")}),
        (EXIT, "instrument_status", {"instrument": replace(INSTRUMENT, status="BREAK")}),
        (replace(ENTRY, quantity=D("5.0001")), "quantity_step", {}),
        (replace(ENTRY, quantity=D("0.0009")), "quantity_step", {}),
        (replace(EXIT, quantity=D("5.0001")), "quantity_step", {}),
        (replace(STOP, stop=D("90.001")), "price_step", {}),
        (replace(STOP, stop=None), "price_step", {}),
        (replace(BID, limit=None), "price_step", {}),
        (replace(BID, limit=D("95.001")), "price_step", {}),
        (replace(ASK, limit=D("105.001")), "price_step", {}),
        # A limit on the wrong side of the market is an order at the market.
        (replace(BID, limit=D("110.01")), "price_collar", {}),
        (replace(ASK, limit=D("89.99")), "price_collar", {}),
        (replace(BID, quantity=D("0.06"), limit=D(80)), "min_notional", {}),
        (replace(ENTRY, quantity=D("0.01")), "min_notional", {}),
        (replace(EXIT, quantity=D("0.01")), "min_notional", {}),
        (ENTRY, "price_collar", {"signal_price": D("90.90")}),
        (ENTRY, "price_collar", {"signal_price": D("111.12")}),
        (ENTRY, "no_reference", {"signal_price": D(0)}),
        (ENTRY, "no_reference", {"price": D(0)}),
        (EXIT, "no_reference", {"price": D(-1)}),
        (replace(ENTRY, quantity=D("500.001")), "max_order_value", {}),
    ],
)
def test_each_refusal_has_its_code(request_: Any, code: str, changes: dict[str, Any]):
    seen: dict[str, Any] = {
        "price": PRICE,
        "signal_price": PRICE,
        "instrument": INSTRUMENT,
        "limits": LIMITS,
        **changes,
    }
    with pytest.raises(Denied) as refusal:
        screen(request_, **seen)
    assert refusal.value.reason == code
    # A database gives numbers back with all the digits of their column.
    with pytest.raises(Denied) as again:
        screen(padded(request_), **{name: padded(value) for name, value in seen.items()})
    assert str(again.value) == str(refusal.value)


def padded(value: Any) -> Any:
    """Return `value`, a Decimal or what holds some, with eight decimals each."""
    if isinstance(value, Decimal):
        return value.quantize(D("1E-8"))
    if isinstance(value, OrderRequest):
        return replace(value, quantity=padded(value.quantity), limit=padded(value.limit), stop=padded(value.stop))
    return value


def test_at_the_limit_is_inside():
    screen(ENTRY, D(110), D(100), INSTRUMENT, LIMITS)
    screen(ENTRY, D(90), D(100), INSTRUMENT, LIMITS)
    screen(replace(ENTRY, quantity=D(500)), D(100), D(100), INSTRUMENT, LIMITS)
    screen(replace(ENTRY, quantity=D("0.05")), D(100), D(100), INSTRUMENT, LIMITS)


def test_exits_are_not_held_back_by_collar_or_value():
    screen(replace(EXIT, quantity=D(5000)), D(100), D(1), INSTRUMENT, LIMITS)
