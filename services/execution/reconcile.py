"""Reconcile: no symbol trades before the venue's orders, trades and balances agree with the books."""

from collections.abc import Mapping
from decimal import Decimal

import structlog

from adapters.store import audit, ledger, orders, symbols
from services.execution.desk import Desk
from services.execution.recovery import Recovery
from trading.money import ZERO, text
from trading.ports import Unreachable

_log = structlog.get_logger()


def begin(desk: Desk) -> None:
    """Close every symbol of the book until it is reconciled, and take all living orders under this epoch."""
    now = desk.clock.now()
    with desk.transaction() as connection:
        orders.adopt(connection, desk.book, desk.epoch)
        for symbol in desk.instruments:
            symbols.set_state(connection, desk.book, symbol, "RECONCILING", "start", now)


def pending(desk: Desk) -> list[str]:
    """Return the symbols that wait for reconciliation."""
    with desk.transaction() as connection:
        return symbols.in_state(connection, desk.book, "RECONCILING")


def reconcile(desk: Desk, recovery: Recovery) -> bool:
    """Try to open every waiting symbol; False while the venue does not answer or still owes the proof of an order.

    A foreign order or trade, or a balance that differs from the ledger, halts the symbols it touches, with the reason.
    """
    waiting = pending(desk)
    if not waiting:
        return True
    verdicts = {symbol: _inspect(desk, recovery, symbol) for symbol in waiting}
    # While an order's fate is open its quote currency cannot be compared; its own symbol waits, the others go on.
    complete = None not in verdicts.values()
    balances = desk.venue.balances()
    if isinstance(balances, Unreachable):
        return False
    now = desk.clock.now()
    with desk.transaction() as connection:
        off = _differences(ledger.owned(connection, desk.book), balances.value)
        for symbol, problem in verdicts.items():
            if problem is None:
                continue
            instrument = desk.instruments[symbol]
            compared = (instrument.base, instrument.quote) if complete else (instrument.base,)
            wrong = [off[currency] for currency in compared if currency in off]
            reason = "; ".join([*([problem] if problem else []), *wrong])
            state = "HALTED" if reason else "OPEN"
            symbols.set_state(connection, desk.book, symbol, state, reason or "reconciled", now)
            audit.record(connection, now, "execution", "reconciled", symbol, {"state": state, "reason": reason})
            if reason:
                _log.error("symbol_halted", symbol=symbol, reason=reason)
    return complete


def _inspect(desk: Desk, recovery: Recovery, symbol: str) -> str | None:
    """Return "" when orders and trades of `symbol` agree, the problem when they do not, None when not known yet."""
    with desk.transaction() as connection:
        living = orders.living(connection, desk.book, symbol)
    for order in living:
        if order.sent_at is not None:
            recovery.resolve(order)
    with desk.transaction() as connection:
        living = orders.living(connection, desk.book, symbol)
    if any(order.state.unsettled and order.sent_at is not None for order in living):
        return None
    foreign = recovery.sweep(symbol)
    at_venue = desk.venue.open_orders(symbol)
    if foreign is None or isinstance(at_venue, Unreachable):
        return None
    ours = {order.client_id for order in living}
    strange = sorted(order.client_id for order in at_venue.value if order.client_id not in ours)
    if foreign or strange:
        return f"foreign trades {[trade.trade_id for trade in foreign]} or orders {strange}"
    return ""


def _differences(owned: Mapping[str, Decimal], venue: Mapping[str, Decimal]) -> dict[str, str]:
    """Return one sentence per currency in which the books and the venue disagree."""
    return {
        currency: f"{currency}: books {text(owned.get(currency, ZERO))}, venue {text(venue.get(currency, ZERO))}"
        for currency in {*owned, *venue}
        if owned.get(currency, ZERO) != venue.get(currency, ZERO)
    }
