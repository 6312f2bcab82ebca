"""Reconcile: no symbol trades before the venue's orders, trades and balances agree with the books, nor goes on after.

A difference halts exactly the symbols that it touches until a person has looked. What strangers traded on the account
is recorded and booked apart, so that the books are the venue's again; it is neither adopted nor undone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from adapters.store import audit, foreign, ledger, orders, symbols
from services.execution import booking
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from services.execution.hops import Hops
from services.execution.recovery import Recovery
from trading.fill import Fill
from trading.money import ZERO, text
from trading.ports import Known, Unreachable, VenueOrder

_log = structlog.get_logger()

#: A balance that differs is asked for again: a resting order may have filled between two questions.
_LOOKS = 3


def begin(desk: Desk) -> None:
    """Close every symbol of the book until it is reconciled, and take all living orders under this epoch.

    A symbol that was halted stays so: a restart is no reason to trust it again.
    """
    now = desk.clock.now()
    with desk.transaction() as connection:
        orders.adopt(connection, desk.book, desk.epoch)
        halted = symbols.in_state(connection, desk.book, "HALTED")
        for symbol in desk.instruments:
            if symbol not in halted:
                symbols.set_state(connection, desk.book, symbol, "RECONCILING", "start", now)


def reconcile(desk: Desk, hops: Hops, names: Sequence[str], state: str = "RECONCILING") -> bool:
    """Compare the symbols `names` that are in `state` with the venue and open or halt each.

    False while the venue does not answer or still owes the proof of an order; such a symbol stays as it is.
    """
    verdicts = {symbol: _inspect(desk, hops, symbol) for symbol in names}
    balances = desk.venue.balances()
    crash_point("reconcile_asked")
    if isinstance(balances, Unreachable):
        return False
    now = desk.clock.now()
    with desk.transaction() as connection:
        # While an order's fate is open its quote currency cannot be compared; its own symbol waits, the others go on.
        settled = not orders.in_doubt(connection, desk.book)
        off = _differences(ledger.owned(connection, desk.book), balances.value)
    complete = True
    for symbol, agrees in verdicts.items():
        wrong = _touching(desk, symbol, off, with_quote=settled)
        if wrong and agrees:
            wrong = _again(desk, hops.recovery, symbol)
        if agrees and wrong is not None:
            _conclude(desk, symbol, state, "; ".join(wrong), now)
        complete = complete and agrees is not None and wrong is not None
    crash_point("reconcile_committed")
    return complete


def _conclude(desk: Desk, symbol: str, state: str, reason: str, now: datetime) -> None:
    """Open `symbol`, or halt it for `reason`; a symbol that is no longer in `state` is left alone."""
    with desk.transaction() as connection:
        if symbol not in symbols.in_state(connection, desk.book, state):
            return
        after = "HALTED" if reason else "OPEN"
        if after != state:
            symbols.set_state(connection, desk.book, symbol, after, reason or "reconciled", now)
            about = {"state": after, "reason": reason}
            audit.record(connection, now, "execution", "reconciled", symbol, about)
        crash_point("reconcile_written")
    if reason:
        _log.error("symbol_halted", symbol=symbol, reason=reason)


def _inspect(desk: Desk, hops: Hops, symbol: str) -> bool | None:
    """Return whether orders and trades of `symbol` agree, None when that is not known yet; halt it when they do not."""
    with desk.transaction() as connection:
        living = orders.living(connection, desk.book, symbol)
    for order in living:
        if order.sent_at is not None:
            hops.ask(order)
    with desk.transaction() as connection:
        living = orders.living(connection, desk.book, symbol)
    if any(order.state.unsettled and order.sent_at is not None for order in living):
        return None
    strangers = hops.recovery.sweep(symbol)
    at_venue = desk.venue.open_orders(symbol)
    if strangers is None or isinstance(at_venue, Unreachable):
        return None
    ours = {order.client_id for order in living}
    return not _record(desk, symbol, strangers, [order for order in at_venue.value if order.client_id not in ours])


def _record(desk: Desk, symbol: str, trades: Sequence[Fill], working: Sequence[VenueOrder]) -> bool:
    """Write down what strangers did on the account, and halt `symbol` for it; False when there is nothing new."""
    now = desk.clock.now()
    with desk.transaction() as connection:
        new_orders = [
            order for order in working if foreign.add_order(connection, desk.book, desk.venue_name, order, now)
        ]
        for trade in trades:
            foreign.add_trade(connection, desk.book, trade, desk.instruments[symbol], now)
        if not (new_orders or trades):
            return False
        ids = sorted(order.client_id or order.venue_order_id for order in new_orders)
        problem = f"foreign trades {[trade.trade_id for trade in trades]} or orders {ids}"
        audit.record(connection, now, "execution", "foreign", symbol, {"problem": problem})
        booking.halt(connection, desk, symbol, problem, now)
    _log.error("symbol_halted", symbol=symbol, reason=problem)
    return True


def _again(desk: Desk, recovery: Recovery, symbol: str) -> list[str] | None:
    """Look again at a difference, with the trades of all symbols booked; return what is still wrong.

    None when the venue does not answer, orders are in doubt or strangers trade: then nothing can be concluded yet. A
    difference that a person has accepted is booked.
    """
    wrong: list[str] = []
    for _ in range(_LOOKS):
        if any(recovery.sweep(each) != [] for each in desk.instruments):
            return None
        balances = desk.venue.balances()
        if not isinstance(balances, Known):
            return None
        with desk.transaction() as connection:
            if orders.in_doubt(connection, desk.book):
                return None
            off = _differences(ledger.owned(connection, desk.book), balances.value)
        wrong = _touching(desk, symbol, off, with_quote=True)
        if not wrong:
            break
        if _accepted(desk, symbol, balances.value):
            return []
    return wrong


def _accepted(desk: Desk, symbol: str, venue: Mapping[str, Decimal]) -> bool:
    """Bring the books to what the venue has, if a person has said that the venue is right about `symbol`."""
    now, instrument = desk.clock.now(), desk.instruments[symbol]
    with desk.transaction() as connection:
        if not symbols.take_acceptance(connection, desk.book, symbol):
            return False
        owned = ledger.owned(connection, desk.book)
        for currency in (instrument.base, instrument.quote):
            difference = venue.get(currency, ZERO) - owned.get(currency, ZERO)
            if not difference:
                continue
            foreign.adjust(connection, desk.book, symbol, currency, difference, now)
            about = {"currency": currency, "amount": text(difference)}
            audit.record(connection, now, "execution", "adjusted", desk.book, about)
    return True


def _touching(desk: Desk, symbol: str, off: Mapping[str, str], *, with_quote: bool) -> list[str]:
    instrument = desk.instruments[symbol]
    compared = (instrument.base, instrument.quote) if with_quote else (instrument.base,)
    return [off[currency] for currency in compared if currency in off]


def _differences(owned: Mapping[str, Decimal], venue: Mapping[str, Decimal]) -> dict[str, str]:
    """Return one sentence per currency in which the books and the venue disagree."""
    return {
        currency: f"{currency}: books {text(owned.get(currency, ZERO))}, venue {text(venue.get(currency, ZERO))}"
        for currency in {*owned, *venue}
        if owned.get(currency, ZERO) != venue.get(currency, ZERO)
    }
