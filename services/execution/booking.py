"""Booking: what the venue reports about an order becomes fills, journals and a new state, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from adapters.store import audit, fills, ledger, orders, symbols, triggers
from adapters.store.database import Connection
from adapters.store.ledger import Held
from adapters.store.triggers import Trigger
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from services.execution.evaluate import decide_within
from trading.accounting import journal
from trading.errors import Unknown
from trading.execution import protocol
from trading.fill import Fill
from trading.money import ZERO, text
from trading.order import Order, OrderState
from trading.ports import Known, Outcome, VenueOrder


def settle(
    desk: Desk, order: Order, seen: Outcome | VenueOrder, reported: Sequence[Fill] = ()
) -> Sequence[Order] | None:
    """Book the fills of `order`, move it to the state in which the venue has it, and decide about what follows.

    Returns the orders to act on next; None when the row has moved on.

    Raises:
        Unknown: the venue says more was filled than the known fills explain; ask for the trades and call again.
    """
    after = protocol.after(order, seen)
    price = desk.price(order.request.symbol) if reported or after.terminal else None
    now = desk.clock.now()
    with desk.transaction() as connection:
        # What is held is read under the lock: another lane's sweep may have booked trades of this order just before.
        locked = orders.ask_locked(connection, order.client_id)
        held = ledger.ask_held(connection, order.client_id)
        current = locked()
        if current is None or current.state is not order.state or current.epoch != order.epoch:
            return None
        booked = book(connection, desk, current, reported, now)
        crash_point("fill_booked")
        if current.filled + booked.quantity < seen.filled:
            raise Unknown(f"order {order.client_id} filled {seen.filled} at the venue, known fills explain less")
        if after is not order.state:
            orders.move_locked(connection, order, after, now, venue_order_id=seen.venue_order_id)
        if after.terminal:
            _release(connection, desk, order, held() + booked.held, now)
        sending: Sequence[Order] = ()
        if booked.quantity or after.terminal:
            sending = _follow(connection, desk, order, protocol.cause(after), price, now)
        crash_point("answer_written")
    crash_point("answer_committed")
    return sending


def _follow(
    connection: Connection, desk: Desk, order: Order, reason: str, price: object, now: datetime
) -> Sequence[Order]:
    """Decide anew in the transaction in which something happened; where that cannot be, a trigger remembers it."""
    request = order.request
    if isinstance(price, Known):
        trigger = Trigger(request.strategy, request.symbol, reason, 0)
        sending = decide_within(connection, desk, trigger, price.value, now)
        if sending is not None:
            return sending
    remember(connection, desk, order, reason, now)
    return ()


def remember(connection: Connection, desk: Desk, order: Order, reason: str, now: datetime) -> None:
    """Note that the sub-account of `order` has to be decided about anew."""
    triggers.add(connection, desk.book, order.request.strategy, order.request.symbol, reason, now)


def close(
    connection: Connection, desk: Desk, order: Order, after: OrderState, code: str, detail: str, now: datetime
) -> bool:
    """Move `order` to a terminal state without fills inside the present transaction, and give back its reservation."""
    if not orders.move(connection, order, after, now, code=code, detail=detail):
        return False
    release(connection, desk, order, now)
    remember(connection, desk, order, str(after).lower(), now)
    about = {"state": str(after), "code": code, "detail": detail}
    audit.record(connection, now, "execution", "order", order.client_id, about)
    return True


@dataclass(frozen=True)
class Booked:
    """What was new: the quantity in base, and what it changed of the order's reservation."""

    quantity: Decimal = ZERO
    held: Held = field(default_factory=Held)


def book(connection: Connection, desk: Desk, order: Order, reported: Sequence[Fill], now: datetime) -> Booked:
    """Book those of `reported` that are new, each exactly once.

    A trade that is known with other numbers is set aside, and one that fills more than was ordered is booked; either
    halts its symbol, for one of two reports is wrong.
    """
    request = order.request
    own = [replace(trade, client_id=order.client_id) for trade in reported]
    first = {trade.trade_id: trade for trade in reversed(own)}
    added = fills.add(connection, desk.book, [*first.values()], now)
    fresh = [trade for trade in first.values() if trade.trade_id in added]
    former = fills.recorded(connection, desk.book, [trade for trade in own if trade.trade_id not in added])
    for trade in own:
        known = trade == first[trade.trade_id] if trade.trade_id in added else former.get(trade) == trade.client_id
        if not known:
            why = f"trade {trade.trade_id} of {trade.symbol} at {trade.venue} is known with other numbers"
            halt(connection, desk, request.symbol, why, now)
    if not fresh:
        return Booked()
    instrument = desk.instruments[request.symbol]
    entries = [(journal.fill(desk.book, trade, instrument), trade.ts) for trade in fresh]
    ledger.post_all(connection, entries, desk.book, request.strategy, request.symbol)
    new = sum((trade.quantity for trade in fresh), ZERO)
    orders.add_filled(connection, order.client_id, new)
    about = [{"trade_id": t.trade_id, "price": text(t.price), "quantity": text(t.quantity)} for t in fresh]
    audit.record(connection, now, "execution", "fill", order.client_id, {"trades": about})
    if order.filled + new > request.quantity:
        why = f"order {order.client_id} of {request.quantity} was filled {order.filled + new}"
        halt(connection, desk, request.symbol, why, now)
    reserved = (line.amount for entry, _ in entries for line in entry.lines if line.account == "reserved")
    return Booked(new, Held(sum(reserved, ZERO), len(entries)))


def halt(connection: Connection, desk: Desk, symbol: str, reason: str, now: datetime) -> None:
    """Close `symbol` to new risk until a person has looked; the first reason stays."""
    if symbol in symbols.in_state(connection, desk.book, "HALTED"):
        return
    symbols.set_state(connection, desk.book, symbol, "HALTED", reason, now)
    audit.record(connection, now, "execution", "halted", symbol, {"reason": reason})


def release(connection: Connection, desk: Desk, order: Order, now: datetime) -> None:
    """Give back what a settled order still has reserved."""
    _release(connection, desk, order, ledger.ask_held(connection, order.client_id)(), now)


def _release(connection: Connection, desk: Desk, order: Order, held: Held, now: datetime) -> None:
    if held.amount:
        instrument = desk.instruments[order.request.symbol]
        entry = journal.release(order.request.side, order.client_id, held.journals, instrument, held.amount)
        ledger.post(connection, entry, desk.book, order.request.strategy, order.request.symbol, now)
