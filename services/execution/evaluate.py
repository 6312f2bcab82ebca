"""Evaluate: one decision about one sub-account, stored with its reservation, orders, cancels and audit row at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from adapters.bus.signal_message import decode
from adapters.store import accounts, audit, inbox, ledger, orders, situations, triggers
from adapters.store.database import Connection
from adapters.store.situations import Situation
from adapters.store.triggers import Trigger
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from trading.accounting.journal import reserve
from trading.audit import canonical, digest_plain
from trading.decide import Decision, Market, decide
from trading.limits import Limits
from trading.order import Order, OrderRequest, OrderState
from trading.ports import Unreachable
from trading.replay import record
from trading.signal import Signal


def evaluate(desk: Desk, trigger: Trigger) -> Sequence[Order]:
    """Decide about the sub-account of `trigger` and return the orders that are to be sent or cancelled now.

    The trigger stays while a decision has to wait: no price, or the venue still owes answers.

    Raises:
        Unavailable: the database or the clock does not answer; the trigger stays.
        Interrupted: the lease is lost.
    """
    price = desk.price(trigger.symbol)
    if isinstance(price, Unreachable):
        return ()
    now = desk.clock.now()
    crash_point("trigger_read")
    with desk.transaction() as connection:
        sending = decide_within(connection, desk, trigger, price.value, now)
        if sending is not None:
            triggers.clear(connection, desk.book, trigger)
    crash_point("trigger_committed")
    return sending or ()


def decide_within(
    connection: Connection, desk: Desk, trigger: Trigger, price: Decimal, now: datetime
) -> Sequence[Order] | None:
    """Decide inside the present transaction and return the orders to act on after it.

    None when the decision has to wait: the venue still owes an answer.
    """
    situation = situations.load(connection, desk.book, trigger.strategy, desk.instruments[trigger.symbol])
    return conclude(connection, desk, trigger, situation, price, now)


def conclude(
    connection: Connection,
    desk: Desk,
    trigger: Trigger,
    situation: Situation,
    price: Decimal,
    now: datetime,
    signal: Signal | None = None,
) -> Sequence[Order] | None:
    """Decide about a `situation` that was read in the present transaction; as `decide_within`.

    `signal` is the one in force, when it is at hand already.
    """
    if situation.body is None:
        return ()
    account = situation.account
    if any(order.state.unsettled for order in account.working):
        return None
    signal = signal or decode(canonical(situation.body))
    market = Market(desk.instruments[trigger.symbol], price, now)
    version, limits = desk.limits.of(connection, situation.limits_version)
    decision = decide(signal, account, market, limits, situation.decision_no)
    sending: Sequence[Order] = ()
    if situation.decision_no == 1 or decision.verdict == "TRADE":
        made = Made(signal, market, decision, version, limits)
        sending = _store(connection, desk, trigger, situation, made)
    if account.equity(price) > account.peak_equity:
        accounts.raise_peak(connection, desk.book, trigger.strategy, trigger.symbol, account.equity(price))
    return sending


@dataclass(frozen=True)
class Made:
    """A decision with the signal, the market and the limits that it was made under."""

    signal: Signal
    market: Market
    decision: Decision
    limits_version: int
    limits: Limits


def _store(connection: Connection, desk: Desk, trigger: Trigger, situation: Situation, made: Made) -> Sequence[Order]:
    number, signal, market, decision = situation.decision_no, made.signal, made.market, made.decision
    inputs = record(signal, situation.account, market, decision, made.limits_version)
    hashed = digest_plain(inputs)
    inbox.add_decision(
        connection,
        decision,
        signal_id=signal.signal_id,
        decision_no=number,
        book=desk.book,
        strategy=trigger.strategy,
        symbol=trigger.symbol,
        trigger=trigger.reason,
        holding=situation.account.holding,
        inputs=inputs,
        inputs_hash=hashed,
        limits_version=made.limits_version,
        at=market.now,
    )
    at_once = situation.symbol_state != "RECONCILING" and not desk.venue.waits()
    buffer = made.limits.cash_buffer
    acting = [place(connection, desk, request, 1, buffer, market.now, at_once=at_once) for request in decision.requests]
    for order in decision.cancels:
        if orders.move(connection, order, OrderState.PENDING_CANCEL, market.now, detail=f"decision {number}"):
            acting.append(replace(order, state=OrderState.PENDING_CANCEL))
    about = {"verdict": decision.verdict, "reason": decision.reason, "inputs_hash": hashed}
    audit.record(connection, market.now, "execution", "decision", f"{signal.signal_id}:{number}", about)
    return [order for order in acting if order.state is not OrderState.INTENT]


def place(
    connection: Connection,
    desk: Desk,
    request: OrderRequest,
    attempt: int,
    buffer: Decimal,
    now: datetime,
    *,
    at_once: bool,
) -> Order:
    """Store an order with its reservation: as SENDING when it goes out after this commit, as INTENT when it waits.

    `buffer` is what a buy reserves beyond its value, a fraction of it.
    """
    window = desk.recv_window_ms if at_once else None
    order = orders.create(connection, request, attempt, desk.epoch, now, window)
    hold = reserve(request, order.client_id, desk.instruments[request.symbol], buffer)
    ledger.post(connection, hold, desk.book, request.strategy, request.symbol, now)
    return order
