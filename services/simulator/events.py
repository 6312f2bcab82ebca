"""The events of the court record, to and from the exchange's own words: money as text, times in ms."""

from decimal import Decimal
from typing import Any

from services.simulator.config import SimulatorConfig
from trading.money import text
from trading.order import OrderType, Side
from trading.simulation.filters import Ticket
from trading.simulation.funds import Trade
from trading.simulation.working_order import WorkingOrder

Event = dict[str, Any]

#: What came over the wire, what was said back and what else was so: evidence, which changes nothing at the exchange.
EVIDENCE = frozenset({"request", "answer", "warned", "conditions"})
CONSEQUENCES = frozenset({"accepted", "canceled", "denied", "fill"})


def opening(config: SimulatorConfig, start: int) -> Event:
    """Return the first event: which market this is, and when the venue opened."""
    shape = config.model_dump(mode="json", include={"venue", "timeframe", "instruments", "market", "half_spread_bps"})
    return {"event": "open", "start": start, **shape}


def place(number: int, ticket: Ticket, at: int) -> Event:
    """Return the command to place `ticket` for request `number`."""
    return {
        "event": "place",
        "of": number,
        "account": ticket.account,
        "symbol": ticket.symbol,
        "client_id": ticket.client_id,
        "side": ticket.side.value,
        "type": ticket.type.value,
        "quantity": text(ticket.quantity),
        "limit": None if ticket.limit is None else text(ticket.limit),
        "stop": None if ticket.stop is None else text(ticket.stop),
        "immediate": ticket.immediate,
        "at": at,
    }


def ticket(event: Event) -> Ticket:
    """Return the ticket of a `place` event."""
    return Ticket(
        account=event["account"],
        symbol=event["symbol"],
        client_id=event["client_id"],
        side=Side(event["side"]),
        type=OrderType(event["type"]),
        quantity=Decimal(event["quantity"]),
        limit=None if event["limit"] is None else Decimal(event["limit"]),
        stop=None if event["stop"] is None else Decimal(event["stop"]),
        immediate=event["immediate"],
    )


def accepted(command: Event, order: WorkingOrder) -> Event:
    """Return the event that says that `order` was taken."""
    return {
        "event": "accepted",
        "of": command["of"],
        "order_id": order.order_id,
        "client_id": order.client_id,
        "account": order.account,
        "symbol": order.symbol,
        "at": order.placed,
    } | ({"foreign": True} if command.get("foreign") else {})


def canceled(command: Event, order_id: int) -> Event:
    """Return the event that says that an order was canceled."""
    return {"event": "canceled", "of": command["of"], "order_id": order_id}


def fill(trade: Trade) -> Event:
    """Return the event of one fill."""
    return {
        "event": "fill",
        "account": trade.account,
        "symbol": trade.symbol,
        "trade_id": trade.trade_id,
        "order_id": trade.order_id,
        "client_id": trade.client_id,
        "side": trade.side.value,
        "price": text(trade.price),
        "quantity": text(trade.quantity),
        "fee": text(trade.fee),
        "fee_currency": trade.fee_currency,
        "maker": trade.maker,
        "at": trade.at,
    }
