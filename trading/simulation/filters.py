"""The venue's filters: an order asked for in decimals becomes whole ticks and lots, or is denied."""

from dataclasses import dataclass
from decimal import Decimal

from trading.errors import Denied
from trading.instrument import Instrument
from trading.money import divide, multiply
from trading.order import OrderType, Side
from trading.simulation.working_order import WorkingOrder

#: The status of a market that takes and fills orders.
TRADING = "TRADING"


@dataclass(frozen=True)
class Ticket:
    """An order as an account asks for it: quantity in base, prices in quote per base; `client_id` may be empty."""

    account: str
    symbol: str
    client_id: str
    side: Side
    type: OrderType
    quantity: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    immediate: bool = False


def check(ticket: Ticket, rules: Instrument, last: Decimal | None) -> None:
    """Let `ticket` pass only if it obeys the `rules` in force; `last` is the last price if there is one.

    Raises:
        Denied: MARKET_CLOSED, LOT_SIZE, PRICE_FILTER or NOTIONAL.
    """
    if rules.status != TRADING:
        raise Denied("MARKET_CLOSED", f"{rules.symbol} is {rules.status}")
    _lots(ticket, rules)
    for asked in (ticket.limit, ticket.stop):
        _ticks(asked, rules)
    price = ticket.limit or ticket.stop or last
    if price is not None and multiply(ticket.quantity, price) < rules.min_notional:
        raise Denied("NOTIONAL", f"less than {rules.min_notional} {rules.quote}")


def working_order(ticket: Ticket, instrument: Instrument, order_id: int, now: int) -> WorkingOrder:
    """Return `ticket`, which is on the grid of `instrument`, as an order in whole ticks and lots; `now` in ms."""
    order = WorkingOrder(
        order_id=order_id,
        client_id=ticket.client_id or f"order-{order_id}",
        account=ticket.account,
        symbol=ticket.symbol,
        side=ticket.side,
        type=ticket.type,
        lots=_lots(ticket, instrument),
        placed=now,
        limit=_ticks(ticket.limit, instrument),
        stop=_ticks(ticket.stop, instrument),
        immediate=ticket.immediate,
        updated=now,
    )
    if order.type is OrderType.STOP_LOSS and order.side is Side.BUY:
        order.budget = order.lots * order.trigger
    return order


def _lots(ticket: Ticket, instrument: Instrument) -> int:
    lots = _whole(ticket.quantity, instrument.lot)
    if lots is None or lots < 1 or ticket.quantity < instrument.min_quantity:
        raise Denied("LOT_SIZE", f"quantity {ticket.quantity} of {instrument.symbol}, lot {instrument.lot}")
    return lots


def _ticks(price: Decimal | None, instrument: Instrument) -> int | None:
    if price is None:
        return None
    ticks = _whole(price, instrument.tick)
    if ticks is None or ticks < 1:
        raise Denied("PRICE_FILTER", f"price {price} of {instrument.symbol}, tick {instrument.tick}")
    return ticks


def notional(lots: int, ticks: int, instrument: Instrument) -> Decimal:
    """Return the exact value of `lots` at `ticks` in quote currency."""
    return multiply(Decimal(lots * ticks), multiply(instrument.tick, instrument.lot))


def _whole(value: Decimal, step: Decimal) -> int | None:
    count = divide(value, step)
    return int(count) if count == count.to_integral_value() else None
