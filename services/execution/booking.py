"""Booking: what the venue reports about an order becomes fills, journals and a new state, in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.store import audit, fills, ledger, orders, symbols, triggers
from adapters.store.database import Connection
from services.execution.desk import Desk
from trading.accounting import journal
from trading.errors import BadData, Unknown
from trading.fill import Fill
from trading.order import Order, OrderState
from trading.ports import Outcome, VenueOrder

#: How the venue words that more can happen to an order.
_OPEN = (OrderState.ACKED, OrderState.PARTIAL, OrderState.PENDING_CANCEL)


def settle(desk: Desk, order: Order, seen: Outcome | VenueOrder, reported: Sequence[Fill] = ()) -> bool:
    """Book the fills of `order` and move it to the state in which the venue has it; False when the row has moved on.

    Raises:
        Unknown: the venue says more was filled than the known fills explain; ask for the trades and call again.
    """
    after = seen.state or order.state
    now = desk.clock.now()
    with desk.transaction() as connection:
        current = orders.get(connection, order.client_id)
        if current is None or current.state is not order.state or current.epoch != order.epoch:
            return False
        book(connection, desk, order, reported, now)
        known = orders.get(connection, order.client_id)
        if known is None or known.filled < seen.filled:
            raise Unknown(f"order {order.client_id} filled {seen.filled} at the venue, known fills explain less")
        if after in _OPEN and order.state in (OrderState.PARTIAL, OrderState.PENDING_CANCEL):
            # Neither does a fill go away, nor the wish to cancel: it is asked again until the order is done.
            after = order.state
        if after is not order.state:
            orders.move(connection, order, after, now, venue_order_id=seen.venue_order_id)
        if after.terminal:
            release(connection, desk, order, now)
            triggers.add(connection, desk.book, order.request.strategy, order.request.symbol, str(after).lower(), now)
    return True


def close(connection: Connection, desk: Desk, order: Order, after: OrderState, code: str, detail: str) -> bool:
    """Move `order` to a terminal state without fills inside the present transaction, and give back its reservation."""
    now = desk.clock.now()
    if not orders.move(connection, order, after, now, code=code, detail=detail):
        return False
    release(connection, desk, order, now)
    triggers.add(connection, desk.book, order.request.strategy, order.request.symbol, str(after).lower(), now)
    about = {"state": str(after), "code": code, "detail": detail}
    audit.record(connection, now, "execution", "order", order.client_id, about)
    return True


def book(connection: Connection, desk: Desk, order: Order, reported: Sequence[Fill], now: datetime) -> int:
    """Book those of `reported` that are new, each exactly once, and return how many were.

    A trade that is known with other numbers is set aside, and its symbol halted: one of the two reports is wrong.
    """
    request, new = order.request, 0
    for trade in reported:
        own = replace(trade, client_id=order.client_id)
        try:
            if not fills.add(connection, desk.book, own, now):
                continue
        except BadData as error:
            _halt(connection, desk, request.symbol, str(error), now)
            continue
        entry = journal.fill(desk.book, own, desk.instruments[request.symbol])
        ledger.post(connection, entry, desk.book, request.strategy, request.symbol, own.ts)
        orders.add_filled(connection, order.client_id, own.quantity)
        about = {"trade_id": own.trade_id, "price": str(own.price), "quantity": str(own.quantity)}
        audit.record(connection, now, "execution", "fill", order.client_id, about)
        new += 1
    if new:
        triggers.add(connection, desk.book, request.strategy, request.symbol, "fill", now)
    return new


def _halt(connection: Connection, desk: Desk, symbol: str, reason: str, now: datetime) -> None:
    if symbol in symbols.in_state(connection, desk.book, "HALTED"):
        return
    symbols.set_state(connection, desk.book, symbol, "HALTED", reason, now)
    audit.record(connection, now, "execution", "halted", symbol, {"reason": reason})


def release(connection: Connection, desk: Desk, order: Order, now: datetime) -> None:
    """Give back what a settled order still has reserved."""
    amount, journals = ledger.outstanding(connection, order.client_id)
    if amount:
        instrument = desk.instruments[order.request.symbol]
        entry = journal.release(order.request.side, order.client_id, journals, instrument, amount)
        ledger.post(connection, entry, desk.book, order.request.strategy, order.request.symbol, now)
