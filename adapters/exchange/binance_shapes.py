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
from trading.order import Order, OrderType, Side
from trading.ports import VenueOrder
from trading.timeframe import EPOCH


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
        "timestamp": round((order.sent_at - EPOCH).total_seconds() * 1000),
        "recvWindow": order.recv_window_ms,
    }
    if request.type is OrderType.LIMIT:
        parameters |= {"price": text(_price(request.limit, order)), "timeInForce": "GTC"}
    if request.type is OrderType.STOP_LOSS:
        parameters["stopPrice"] = text(_price(request.stop, order))
    return parameters


def fills_of_answer(venue: str, order: Order, body: Mapping[str, Any]) -> tuple[Fill, ...]:
    """Return the fills in the answer to a new order."""
    at = _time(body["transactTime"])
    return tuple(
        Fill(
            venue=venue,
            symbol=order.request.symbol,
            trade_id=str(row["tradeId"]),
            venue_order_id=str(body["orderId"]),
            client_id=order.client_id,
            side=order.request.side,
            price=decimal(row["price"]),
            quantity=decimal(row["qty"]),
            fee=decimal(row["commission"]),
            fee_currency=row["commissionAsset"],
            ts=at,
        )
        for row in body.get("fills", ())
    )


def fill(venue: str, symbol: str, row: Mapping[str, Any]) -> Fill:
    """Return one row of myTrades, which does not name the client id."""
    return Fill(
        venue=venue,
        symbol=symbol,
        trade_id=str(row["id"]),
        venue_order_id=str(row["orderId"]),
        client_id="",
        side=Side.BUY if row["isBuyer"] else Side.SELL,
        price=decimal(row["price"]),
        quantity=decimal(row["qty"]),
        fee=decimal(row["commission"]),
        fee_currency=row["commissionAsset"],
        ts=_time(row["time"]),
    )


def venue_order(row: Mapping[str, Any], symbol: str, client_id: str | None = None) -> VenueOrder:
    """Return an order as a query shows it; BadData when it is not the one with `client_id`."""
    if client_id is not None and row["clientOrderId"] != client_id:
        raise BadData(f"asked for {client_id}, was told of {row['clientOrderId']}")
    return VenueOrder(
        venue_order_id=str(row["orderId"]),
        client_id=row["clientOrderId"],
        symbol=symbol,
        state=STATES[row["status"]],
        filled=decimal(row["executedQty"]),
    )


def with_fees(instrument: Instrument, commission: Mapping[str, str]) -> Instrument:
    """Return `instrument` with the fees of an account."""
    return replace(instrument, maker_fee=decimal(commission["maker"]), taker_fee=decimal(commission["taker"]))


def _price(price: Decimal | None, order: Order) -> Decimal:
    if price is None:
        raise ValueError(f"order {order.client_id} of type {order.request.type} lacks its price")
    return price


def _time(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)
