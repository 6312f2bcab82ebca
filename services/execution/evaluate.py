"""Evaluate: one decision about one sub-account, stored with its reservation, intents, cancels and audit row at once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.bus.signal_message import decode
from adapters.store import accounts, audit, inbox, ledger, orders, triggers
from adapters.store.database import Connection
from adapters.store.triggers import Trigger
from services.execution.desk import Desk
from trading.account import Account
from trading.accounting.journal import reserve
from trading.audit import canonical, digest, plain
from trading.decide import Decision, Market, decide
from trading.order import OrderState
from trading.ports import Unreachable
from trading.signal import Signal


def evaluate(desk: Desk, trigger: Trigger) -> bool:
    """Decide about the sub-account of `trigger`; False when it has to wait (no price, or the venue still owes answers).

    Raises:
        Unavailable: the database or the clock does not answer; the trigger stays.
        Interrupted: the lease is lost.
    """
    price = desk.venue.last_price(trigger.symbol)
    if isinstance(price, Unreachable):
        return False
    now = desk.clock.now()
    with desk.transaction() as connection:
        done = decide_within(connection, desk, trigger, price.value, now)
        if done:
            triggers.clear(connection, desk.book, trigger)
    return done


def decide_within(connection: Connection, desk: Desk, trigger: Trigger, price: Decimal, now: datetime) -> bool:
    """Decide inside the present transaction; False when the venue still owes an answer about an order."""
    accounts.lock(connection, desk.book, trigger.strategy, trigger.symbol)
    body = inbox.in_force(connection, desk.book, trigger.strategy, trigger.symbol)
    if body is None:
        return True
    signal, instrument = decode(canonical(body)), desk.instruments[trigger.symbol]
    account = accounts.load(connection, desk.book, trigger.strategy, instrument, signal.signal_id)
    if any(order.state.unsettled for order in account.working):
        return False
    market = Market(instrument, price, now)
    number = inbox.next_decision_no(connection, signal.signal_id)
    decision = decide(signal, account, market, desk.limits, number)
    if number == 1 or decision.verdict == "TRADE":
        _store(connection, desk, trigger, signal, account, market, decision, number)
    accounts.raise_peak(connection, desk.book, trigger.strategy, trigger.symbol, account.equity(price))
    return True


def _store(
    connection: Connection,
    desk: Desk,
    trigger: Trigger,
    signal: Signal,
    account: Account,
    market: Market,
    decision: Decision,
    number: int,
) -> None:
    inputs = _inputs(signal, account, market, decision, desk.limits_version)
    inbox.add_decision(
        connection,
        decision,
        signal_id=signal.signal_id,
        decision_no=number,
        book=desk.book,
        strategy=trigger.strategy,
        symbol=trigger.symbol,
        trigger=trigger.reason,
        holding=account.holding,
        inputs=inputs,
        inputs_hash=digest(inputs),
        limits_version=desk.limits_version,
        at=market.now,
    )
    for request in decision.requests:
        order = orders.create(connection, request, 1, desk.epoch, market.now)
        hold = reserve(request, order.client_id, market.instrument, desk.limits.cash_buffer)
        ledger.post(connection, hold, desk.book, trigger.strategy, trigger.symbol, market.now)
    for order in decision.cancels:
        orders.move(connection, order, OrderState.PENDING_CANCEL, market.now, detail=f"decision {number}")
    ref = f"{signal.signal_id}:{number}"
    about = {"verdict": decision.verdict, "reason": decision.reason, "inputs_hash": digest(inputs)}
    audit.record(connection, market.now, "execution", "decision", ref, about)


def _inputs(
    signal: Signal, account: Account, market: Market, decision: Decision, limits_version: int
) -> dict[str, Any]:
    """Return all that the decision rests on and all that it asks for, as plain values."""
    return plain(
        {
            "signal": signal,
            "account": {
                "cash": account.cash,
                "reserved_cash": account.reserved_cash,
                "holding": account.holding,
                "equity": account.equity(market.price),
                "peak_equity": account.peak_equity,
                "entry_gate_open": account.entry_gate_open,
                "gate_reason": account.gate_reason,
                "stopped_at": account.stopped_at,
                "stop_floor": account.stop_floor,
                "refused": account.refused,
                "working": [order.client_id for order in account.working],
            },
            "market": market,
            "limits_version": limits_version,
            "target": decision.target if decision.target else Decimal(0),
            "requests": decision.requests,
            "cancels": [order.client_id for order in decision.cancels],
        }
    )
