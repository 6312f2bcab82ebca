"""Dispatch: a stored order onto the wire, once; its answer into the books.

The timestamp is committed before it is signed, so a late process is refused by the venue itself; every move is a
compare-and-set, so a second process finds nothing to do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

import structlog

from adapters.store import accounts, audit, halts, orders, parameters, symbols
from adapters.store.database import Connection
from services.execution import booking, clock_watch
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from services.execution.evaluate import place
from trading.errors import Unknown
from trading.execution import protocol
from trading.order import Order, OrderState
from trading.ports import Outcome, Verdict

_log = structlog.get_logger()

#: A key that was refused this often within the window has lost its right to trade: the book is halted.
_KEY_REFUSALS = 2
_KEY_WINDOW = timedelta(minutes=10)


def ready(desk: Desk, order: Order) -> Sequence[Order]:
    """Take an INTENT to SENDING and return it, to be transmitted; nothing when it may not go out now.

    It waits while its symbol reconciles or the venue wants to be left alone, and is voided when its signal has expired
    or new risk is no longer allowed.
    """
    if desk.venue.waits():
        return ()
    now = desk.clock.now()
    crash_point("intent_read")
    with desk.transaction() as connection:
        if order.request.symbol in symbols.in_state(connection, desk.book, "RECONCILING"):
            return ()
        why = _obstacle(connection, desk, order, now)
        if why:
            booking.close(connection, desk, order, OrderState.CANCELED, "void", why, now)
            return ()
        if not orders.mark_sending(connection, order, now, desk.recv_window_ms, desk.epoch):
            return ()
        sending = orders.get(connection, order.client_id)
        crash_point("sending_written")
    crash_point("sending_committed")
    return () if sending is None else (sending,)


def transmit(desk: Desk, order: Order, since: float) -> Outcome:
    """Send a SENDING order once, unless its time (from the monotonic moment `since`) is half over."""
    if protocol.too_late(monotonic() - since, order.recv_window_ms or 0):
        return Outcome(Verdict.REFUSED, protocol.NOT_SENT, "too late to be sent under its timestamp")
    crash_point("before_wire")
    began = monotonic()
    answer = desk.venue.send(order)
    desk.metrics.wire.observe(monotonic() - began)
    desk.metrics.orders.labels(str(answer.verdict)).inc()
    crash_point("after_wire")
    return answer


def _obstacle(connection: Connection, desk: Desk, order: Order, now: datetime) -> str:
    # The decision looked at the same gates, but a halt may have come between it and the wire.
    request = order.request
    valid_until = accounts.valid_until(connection, request.key.signal_id)
    _, closed_by = accounts.gate(connection, desk.book, desk.venue_name, request.symbol)
    return protocol.obstacle(request, now, valid_until, closed_by)


def take_answer(desk: Desk, order: Order, answer: Outcome) -> Sequence[Order]:
    """Store what one send has proven: accepted, refused, or unknown until the venue is asked.

    Returns the orders to act on next.
    """
    if answer.verdict is Verdict.ACCEPTED:
        try:
            return booking.settle(desk, order, answer, answer.fills) or ()
        except Unknown as gap:
            _mark_unknown(desk, order, Outcome(Verdict.UNKNOWN, "fills_missing", str(gap), answer.venue_order_id))
    elif answer.verdict is Verdict.REFUSED:
        now = desk.clock.now()
        with desk.transaction() as connection:
            end(connection, desk, order, OrderState.REJECTED, answer.code, answer.detail, now)
            crash_point("answer_written")
        crash_point("answer_committed")
        if answer.code in protocol.OF_THE_KEY:
            _weigh_key(desk, answer, now)
        if answer.code == protocol.OUT_OF_TIME:
            # The next attempt is signed under the time that the venue has now.
            clock_watch.align(desk.clock)
    else:
        _mark_unknown(desk, order, answer)
    return ()


def cancel(desk: Desk, order: Order) -> Sequence[Order] | None:
    """Ask for the cancellation of a PENDING_CANCEL order; None when the venue has to be asked what became of it."""
    crash_point("cancel_before_wire")
    answer = desk.venue.cancel(order)
    crash_point("cancel_after_wire")
    if answer.verdict is Verdict.ACCEPTED and answer.filled == order.filled:
        return booking.settle(desk, order, answer)
    return None


def end(
    connection: Connection, desk: Desk, order: Order, proof: OrderState, code: str, detail: str, now: datetime
) -> None:
    """Close `order` as proven absent or refused and, where that is allowed, store the next attempt under a new id."""
    if not booking.close(connection, desk, order, proof, code, detail, now):
        return
    valid_until = accounts.valid_until(connection, order.request.key.signal_id)
    if not protocol.follows(order, code, now, valid_until):
        return
    _, limits = parameters.limits(connection)
    following = place(connection, desk, order.request, order.attempt + 1, limits.cash_buffer, now, at_once=False)
    audit.record(connection, now, "execution", "attempt", following.client_id, {"after": order.client_id, "why": code})


def _mark_unknown(desk: Desk, order: Order, answer: Outcome) -> None:
    _log.warning("order_unknown", client_id=order.client_id, code=answer.code, detail=answer.detail)
    if order.state is OrderState.UNKNOWN:
        return
    now = desk.clock.now()
    with desk.transaction() as connection:
        orders.move(
            connection,
            order,
            OrderState.UNKNOWN,
            now,
            venue_order_id=answer.venue_order_id,
            code=answer.code,
            detail=answer.detail[:500],
        )
        crash_point("unknown_written")
    crash_point("unknown_committed")


def _weigh_key(desk: Desk, answer: Outcome, now: datetime) -> None:
    """Halt the book when its key is refused again and again: that is no fault of the order, and no rate limit."""
    with desk.database.transaction() as connection:
        refusals = orders.refused(connection, desk.book, sorted(protocol.OF_THE_KEY), now - _KEY_WINDOW)
        if refusals < _KEY_REFUSALS:
            return
        reason = f"the venue refuses the API key (TRADEWIND_VENUE_API_KEY): {answer.code} {answer.detail}"
        if halts.add(connection, desk.book, None, reason, "execution"):
            _log.error("halted", reason=reason)
            audit.record(connection, now, "execution", "halted", desk.book, {"reason": reason})
