"""Orders and fills to and from Binance's shapes; money is text there and Decimal here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.exchange.outcome import STATES
from trading.errors import BadData
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import decimal, text
from trading.order import Order, OrderState, OrderType, Side
from trading.ports import VenueOrder
from trading.timeframe import EPOCH, milliseconds_of


def order_parameters(order: Order, market: str) -> dict[str, Any]:
    """Return the parameters of `order` for the venue's `market`, dated by its own `sent_at` and `recv_window_ms`."""
    if order.sent_at is None or order.recv_window_ms is None:
        raise ValueError(f"order {order.client_id} has no sent_at or recv_window_ms")
    request = order.request
    parameters: dict[str, Any] = {
        "symbol": market,
        "side": request.side.value,
        "type": request.type.value,
        "quantity": text(request.quantity),
        "newClientOrderId": order.client_id,
        "newOrderRespType": "FULL",
        "timestamp": milliseconds_of(order.sent_at),
        "recvWindow": order.recv_window_ms,
    }
    if request.type is OrderType.LIMIT:
        parameters |= {"price": text(_price(request.limit, order)), "timeInForce": "GTC"}
    if request.type is OrderType.STOP_LOSS:
        parameters["stopPrice"] = text(_price(request.stop, order))
    return parameters


def fills_of_answer(venue: str, order: Order, body: Mapping[str, Any]) -> tuple[Fill, ...]:
    """Return the fills in the answer to a new order; none when they cannot be read, for they can be asked for again."""
    request = order.request
    try:
        return tuple(
            Fill(
                venue=venue,
                symbol=request.symbol,
                trade_id=_id(row["tradeId"]),
                venue_order_id=_id(body["orderId"]),
                client_id=order.client_id,
                side=request.side,
                price=_positive(row["price"]),
                quantity=_positive(row["qty"]),
                fee=decimal(row["commission"]),
                fee_currency=_text(row["commissionAsset"]),
                ts=_time(body["transactTime"]),
            )
            for row in body.get("fills", ())
        )
    except (BadData, KeyError, TypeError):
        return ()


def fill(venue: str, symbol: str, row: Mapping[str, Any]) -> Fill:
    """Return one row of myTrades, which does not name the client id; BadData for what is no trade."""
    if not isinstance(row["isBuyer"], bool):
        raise BadData(f"neither bought nor sold: {row['isBuyer']!r}")
    return Fill(
        venue=venue,
        symbol=symbol,
        trade_id=_id(row["id"]),
        venue_order_id=_id(row["orderId"]),
        client_id="",
        side=Side.BUY if row["isBuyer"] else Side.SELL,
        price=_positive(row["price"]),
        quantity=_positive(row["qty"]),
        fee=decimal(row["commission"]),
        fee_currency=_text(row["commissionAsset"]),
        ts=_time(row["time"]),
    )


def venue_order(row: Mapping[str, Any], symbol: str, client_id: str | None = None) -> VenueOrder:
    """Return an order as a query shows it; BadData when it is not the one with `client_id`, or no order."""
    if client_id is not None and row["clientOrderId"] != client_id:
        raise BadData(f"asked for {client_id}, was told of {row['clientOrderId']!r:.60}")
    state, filled = STATES[row["status"]], decimal(row["executedQty"])
    if filled < 0 or (state is OrderState.FILLED and not filled):
        raise BadData(f"an order that is {state} with {filled} filled")
    return VenueOrder(
        venue_order_id=_id(row["orderId"]),
        client_id=_text(row["clientOrderId"]),
        symbol=symbol,
        state=state,
        filled=filled,
    )


def with_fees(instrument: Instrument, commission: Mapping[str, str]) -> Instrument:
    """Return `instrument` with the fees of an account."""
    return replace(instrument, maker_fee=decimal(commission["maker"]), taker_fee=decimal(commission["taker"]))


def _price(price: Decimal | None, order: Order) -> Decimal:
    if price is None:
        raise ValueError(f"order {order.client_id} of type {order.request.type} lacks its price")
    return price


def _time(milliseconds: object) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=_whole(milliseconds))
    except OverflowError:
        raise BadData("a time beyond all calendars") from None


def _id(value: object) -> str:
    return str(_whole(value))


def _whole(value: object) -> int:
    if type(value) is not int or abs(value) >= 2**63:
        raise BadData(f"not a whole number: {value!r:.60}")
    return value


def _positive(value: object) -> Decimal:
    number = decimal(value)
    if number <= 0:
        raise BadData(f"neither price nor quantity: {number}")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise BadData(f"not a name: {value!r:.60}")
    return value
