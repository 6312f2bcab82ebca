"""Dispatch: an intent onto the wire, once; its answer into the books.

The timestamp is committed before it is signed, so a late process is refused by the venue itself; every move is a
compare-and-set, so a second process finds nothing to do.
"""

from datetime import datetime
from time import monotonic

import structlog

from adapters.store import accounts, audit, ledger, orders, symbols
from adapters.store.database import Connection
from services.execution import booking
from services.execution.desk import Desk
from trading.accounting.journal import reserve
from trading.errors import Unknown
from trading.order import Leg, Order, OrderState
from trading.ports import Outcome, Verdict

_log = structlog.get_logger()

#: An order that was proven absent or late so often meets a fault that one more attempt does not cure.
_MOST_ATTEMPTS = 5
#: Refusals that say nothing about the order itself: it did not leave, or arrived after its time.
_NOT_SENT, _LATE = "NOT_SENT", "-1021"


def send(desk: Desk, order: Order) -> None:
    """Take an INTENT through SENDING to what the venue answers.

    It waits while its symbol reconciles, and is voided when its signal has expired or new risk is no longer allowed.
    """
    started = monotonic()
    now = desk.clock.now()
    with desk.transaction() as connection:
        if order.request.symbol in symbols.in_state(connection, desk.book, "RECONCILING"):
            return
        obstacle = _obstacle(connection, desk, order, now)
        if obstacle:
            booking.close(connection, desk, order, OrderState.CANCELED, "void", obstacle)
            return
        if not orders.mark_sending(connection, order, now, desk.recv_window_ms, desk.epoch):
            return
        sending = orders.get(connection, order.client_id)
    assert sending is not None  # noqa: S101
    if monotonic() - started > desk.recv_window_ms / 2000:
        answer = Outcome(Verdict.REFUSED, _NOT_SENT, "too late to be sent under its timestamp")
    else:
        answer = desk.venue.send(sending)
    take_answer(desk, sending, answer)


def _obstacle(connection: Connection, desk: Desk, order: Order, now: datetime) -> str:
    """Return why an intent may no longer be sent, "" when it may; protection is never held back, an exit by time only.

    The decision looked at the same gates, but a halt may have come between it and the wire.
    """
    request = order.request
    if request.key.leg is Leg.STOP:
        return ""
    if now >= accounts.valid_until(connection, request.key.signal_id):
        return "the signal expired before the order was sent"
    if request.reduce_only:
        return ""
    allowed, why = accounts.gate(connection, desk.book, desk.venue_name, request.symbol)
    return "" if allowed else why


def take_answer(desk: Desk, order: Order, answer: Outcome) -> None:
    """Store what one send has proven: accepted, refused, or unknown until the venue is asked."""
    if answer.verdict is Verdict.ACCEPTED:
        try:
            booking.settle(desk, order, answer, answer.fills)
        except Unknown as gap:
            _mark_unknown(desk, order, Outcome(Verdict.UNKNOWN, "fills_missing", str(gap), answer.venue_order_id))
    elif answer.verdict is Verdict.REFUSED:
        with desk.transaction() as connection:
            if answer.code in (_NOT_SENT, _LATE):
                retry(connection, desk, order, OrderState.REJECTED, answer.code, answer.detail)
            else:
                booking.close(connection, desk, order, OrderState.REJECTED, answer.code, answer.detail)
    else:
        _mark_unknown(desk, order, answer)


def cancel(desk: Desk, order: Order) -> None:
    """Ask for the cancellation of a PENDING_CANCEL order; what became of it is read from the venue afterwards."""
    answer = desk.venue.cancel(order)
    if answer.verdict is Verdict.ACCEPTED and answer.filled == order.filled:
        booking.settle(desk, order, answer)


def retry(connection: Connection, desk: Desk, order: Order, proof: OrderState, code: str, detail: str) -> None:
    """Close `order` as proven absent or refused and, while its signal lives, store the next attempt under a new id."""
    now = desk.clock.now()
    if not booking.close(connection, desk, order, proof, code, detail):
        return
    request = order.request
    if order.attempt >= _MOST_ATTEMPTS:
        return
    if request.key.leg is not Leg.STOP and now >= accounts.valid_until(connection, request.key.signal_id):
        return
    following = orders.create(connection, request, order.attempt + 1, desk.epoch, now)
    hold = reserve(request, following.client_id, desk.instruments[request.symbol], desk.limits.cash_buffer)
    ledger.post(connection, hold, desk.book, request.strategy, request.symbol, now)
    audit.record(connection, now, "execution", "attempt", following.client_id, {"after": order.client_id, "why": code})


def _mark_unknown(desk: Desk, order: Order, answer: Outcome) -> None:
    _log.warning("order_unknown", client_id=order.client_id, code=answer.code, detail=answer.detail)
    if order.state is OrderState.UNKNOWN:
        return
    with desk.transaction() as connection:
        orders.move(
            connection,
            order,
            OrderState.UNKNOWN,
            desk.clock.now(),
            venue_order_id=answer.venue_order_id,
            code=answer.code,
            detail=answer.detail[:500],
        )
