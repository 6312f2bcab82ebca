"""Plan: the difference between what is wanted and what is held or working, as orders and cancels.

A protective stop locks what it protects, and so does a resting ask: a sale first cancels them and goes out once that is
settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.account import Account
from trading.execution.ladder import Rung, difference
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ONE, ZERO, divide, multiply
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderType, Side
from trading.signal import Signal

#: A venue that refused this many orders of one signal will refuse the next as well: wait for a new signal. A position
#: whose stop was refused so often is closed instead.
MOST_REFUSALS = 2


@dataclass(frozen=True)
class Plan:
    """What to do now: requests to send and working orders to cancel. `reason` says why nothing, when nothing."""

    requests: tuple[OrderRequest, ...] = ()
    cancels: tuple[Order, ...] = ()
    reason: str = ""


def plan(
    target: Decimal,
    account: Account,
    signal: Signal,
    price: Decimal,
    instrument: Instrument,
    limits: Limits,
    decision_no: int,
    rungs: Sequence[Rung] = (),
) -> Plan:
    """Return the next step from the present holding to `target` (base currency) at market `price`; `rungs` are to rest.

    What rests and is not wanted goes first: it would lock what the next step needs.
    """
    if waiting := _waiting(account):
        return Plan(reason=waiting)
    missing, surplus = difference(rungs, account, instrument, limits)
    if surplus:
        return Plan(cancels=tuple(surplus), reason="quotes")
    if account.refused - account.stops_refused >= MOST_REFUSALS:
        step = _protect(account, signal, price, instrument, decision_no)
        return step if step.requests or step.cancels else Plan(reason="refused_by_venue")
    step = _towards(target, account, signal, price, instrument, limits, decision_no)
    if step is not None:
        return step
    step = _protect(account, signal, price, instrument, decision_no)
    if not missing or step.cancels or _closes(step):
        return step
    made = tuple(_quote(rung, signal, decision_no, price) for rung in missing)
    return Plan((*step.requests, *made), reason="quotes")


def _waiting(account: Account) -> str:
    if any(order.state.unsettled for order in account.working):
        return "waiting_for_venue"
    # Also the sale of a position whose stop was passed: all orders at the market change what is held at once.
    at_market = any(order.request.type is OrderType.MARKET for order in account.working)
    return "order_working" if at_market else ""


def _closes(step: Plan) -> bool:
    """Whether `step` closes what cannot be protected, or would if the venue let it: nothing may be added then."""
    return step.reason == "stop_refused" or any(request.type is OrderType.MARKET for request in step.requests)


def _towards(
    target: Decimal,
    account: Account,
    signal: Signal,
    price: Decimal,
    instrument: Instrument,
    limits: Limits,
    decision_no: int,
) -> Plan | None:
    """Return the step to `target` at the market, None when it is not worth an order or cannot be paid."""
    delta = target - account.holding
    if not _worth(delta, target, account, price, instrument, limits):
        return None
    if delta < 0:
        return _reduce(-delta, account, signal, price, instrument, decision_no)
    affordable = divide(multiply(account.cash, ONE - limits.cash_buffer), price)
    quantity = instrument.quantity(min(delta, affordable))
    if not instrument.sendable(quantity, price):
        return None
    return _add(quantity, account, signal, price, instrument, decision_no)


def _add(
    quantity: Decimal, account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int
) -> Plan:
    """Buy `quantity`; what is held and has lost its stop gets it back before it grows, or is closed instead."""
    lost = Plan() if account.working_of(Leg.STOP) else _protect(account, signal, price, instrument, decision_no)
    if _closes(lost):
        return lost
    return Plan(requests=(*lost.requests, _market(signal, decision_no, Leg.ENTRY, Side.BUY, quantity, price)))


def _worth(
    delta: Decimal, target: Decimal, account: Account, price: Decimal, instrument: Instrument, limits: Limits
) -> bool:
    quantity = instrument.quantity(abs(delta))
    if not instrument.sendable(quantity, price):
        return False
    if target == ZERO:
        return True
    return multiply(quantity, price) >= multiply(account.equity(price), limits.min_rebalance)


def _reduce(
    wanted: Decimal, account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int
) -> Plan:
    locking = (*account.working_of(Leg.STOP), *account.working_of(Leg.ASK))
    if locking:
        return Plan(cancels=locking)
    quantity = instrument.quantity(min(wanted, account.position))
    if not instrument.sendable(quantity, price):
        return Plan(reason="dust")
    return Plan(requests=(_market(signal, decision_no, Leg.EXIT, Side.SELL, quantity, price),))


def _protect(account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int) -> Plan:
    stops = account.working_of(Leg.STOP)
    # What a lost order holds cannot be sold a second time.
    free = account.position + sum((order.remaining for order in stops), ZERO)
    quantity = instrument.quantity(min(account.holding, free))
    if signal.stop is None:
        return Plan(cancels=stops, reason="" if stops else "on_target")
    level = account.stop_level(signal.reference_price, signal.stop, instrument)
    if level <= 0 or not instrument.sendable(quantity, level):
        return Plan(reason="on_target")
    if stops:
        # What a stop still sells counts: one that was filled in part covers no more than its rest.
        kept = stops[0].request.stop
        unchanged = len(stops) == 1 and stops[0].remaining == quantity and kept is not None and level <= kept
        return Plan(reason="on_target") if unchanged else Plan(cancels=stops)
    if account.stops_refused >= 2 * MOST_REFUSALS:
        return Plan(reason="stop_refused")
    if level >= price or account.stops_refused >= MOST_REFUSALS:
        # What cannot be protected is closed.
        reason = "stop_passed" if level >= price else "stop_refused"
        return Plan(requests=(_market(signal, decision_no, Leg.STOP, Side.SELL, quantity, price),), reason=reason)
    return Plan(
        requests=(
            OrderRequest(
                OrderKey(signal.signal_id, decision_no, Leg.STOP),
                signal.book,
                signal.strategy,
                signal.venue,
                signal.symbol,
                Side.SELL,
                OrderType.STOP_LOSS,
                quantity,
                price,
                stop=level,
                reduce_only=True,
            ),
        )
    )


def _quote(rung: Rung, signal: Signal, decision_no: int, price: Decimal) -> OrderRequest:
    side = Side.BUY if rung.leg is Leg.BID else Side.SELL
    return OrderRequest(
        OrderKey(signal.signal_id, decision_no, rung.leg, rung.level),
        signal.book,
        signal.strategy,
        signal.venue,
        signal.symbol,
        side,
        OrderType.LIMIT,
        rung.quantity,
        price,
        limit=rung.price,
        reduce_only=side is Side.SELL,
    )


def _market(signal: Signal, decision_no: int, leg: Leg, side: Side, quantity: Decimal, price: Decimal) -> OrderRequest:
    return OrderRequest(
        OrderKey(signal.signal_id, decision_no, leg),
        signal.book,
        signal.strategy,
        signal.venue,
        signal.symbol,
        side,
        OrderType.MARKET,
        quantity,
        price,
        reduce_only=side is Side.SELL,
    )
