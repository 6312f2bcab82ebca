"""Screen each order before it is stored: collar, value, steps. A refusal is final for that decision.

What it says has no trailing zeros: a price read back from the database says the same as one that never was there.
"""

from decimal import Decimal

from trading.errors import Denied
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import divide, multiply, text
from trading.order import OrderRequest, OrderType


def screen(
    request: OrderRequest, price: Decimal, signal_price: Decimal, instrument: Instrument, limits: Limits
) -> None:
    """Return when `request` may be sent at market `price`; exits are never held back by the collar or the value cap.

    Raises:
        Denied: with the code of the first rule that refuses.
    """
    if price <= 0:
        raise Denied("no_reference", f"market price {text(price)}")
    if instrument.status != "TRADING":
        raise Denied("instrument_status", f"{instrument.symbol} is {instrument.status}")
    if request.quantity < instrument.min_quantity or request.quantity != instrument.quantity(request.quantity):
        raise Denied("quantity_step", f"{text(request.quantity)} of {instrument.symbol}")
    _screen_prices(request, price, instrument, limits)
    quantity, each = request.quantity, request.limit or price
    if multiply(quantity, each) < instrument.min_notional:
        raise Denied("min_notional", f"{text(quantity)} x {text(each)} < {text(instrument.min_notional)}")
    if request.reduce_only:
        return
    if signal_price <= 0:
        raise Denied("no_reference", f"signal price {text(signal_price)}")
    if abs(divide(price - signal_price, signal_price)) > limits.price_collar:
        raise Denied("price_collar", f"market {text(price)} against signal {text(signal_price)}")
    if multiply(quantity, price) > limits.max_order_value:
        raise Denied("max_order_value", f"{text(quantity)} x {text(price)} > {text(limits.max_order_value)}")


def _screen_prices(request: OrderRequest, price: Decimal, instrument: Instrument, limits: Limits) -> None:
    """Refuse a price off the grid, and a limit that would trade far from the market; one that waits is harmless."""
    for own, type_ in ((request.limit, OrderType.LIMIT), (request.stop, OrderType.STOP_LOSS)):
        if request.type is type_ and (own is None or own <= 0 or own != instrument.price(own)):
            raise Denied("price_step", f"{own if own is None else text(own)} of {instrument.symbol}")
    if request.limit is not None and request.side.sign * divide(request.limit - price, price) > limits.price_collar:
        raise Denied("price_collar", f"limit {text(request.limit)} against market {text(price)}")
