"""Plan: the difference between what is wanted and what is held or working, as orders and cancels.

A protective stop locks what it protects, so a sale first cancels the stop and goes out once that is settled.
"""

from dataclasses import dataclass
from decimal import Decimal

from trading.account import Account
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
) -> Plan:
    """Return the next step from the present holding to `target` (base currency) at market `price`."""
    if any(order.state.unsettled for order in account.working):
        return Plan(reason="waiting_for_venue")
    if account.working_of(Leg.ENTRY) or account.working_of(Leg.EXIT):
        return Plan(reason="order_working")
    if account.refused - account.stops_refused >= MOST_REFUSALS:
        step = _protect(account, signal, price, instrument, decision_no)
        return step if step.requests or step.cancels else Plan(reason="refused_by_venue")
    delta = target - account.holding
    if delta < 0 and _worth(delta, target, account, price, instrument, limits):
        return _reduce(-delta, account, signal, price, instrument, decision_no)
    if delta > 0 and _worth(delta, target, account, price, instrument, limits):
        affordable = divide(multiply(account.cash, ONE - limits.cash_buffer), price)
        quantity = instrument.quantity(min(delta, affordable))
        if _sendable(quantity, price, instrument):
            return _add(quantity, account, signal, price, instrument, decision_no)
    return _protect(account, signal, price, instrument, decision_no)


def _add(
    quantity: Decimal, account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int
) -> Plan:
    """Buy `quantity`; what is held and has lost its stop gets it back before it grows, or is closed instead."""
    lost = Plan() if account.working_of(Leg.STOP) else _protect(account, signal, price, instrument, decision_no)
    if any(request.type is OrderType.MARKET for request in lost.requests):
        return lost
    return Plan(requests=(*lost.requests, _market(signal, decision_no, Leg.ENTRY, Side.BUY, quantity, price)))


def _worth(
    delta: Decimal, target: Decimal, account: Account, price: Decimal, instrument: Instrument, limits: Limits
) -> bool:
    quantity = instrument.quantity(abs(delta))
    if not _sendable(quantity, price, instrument):
        return False
    if target == ZERO:
        return True
    return multiply(quantity, price) >= multiply(account.equity(price), limits.min_rebalance)


def _sendable(quantity: Decimal, price: Decimal, instrument: Instrument) -> bool:
    return quantity >= instrument.min_quantity and multiply(quantity, price) >= instrument.min_notional


def _reduce(
    wanted: Decimal, account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int
) -> Plan:
    stops = account.working_of(Leg.STOP)
    if stops:
        return Plan(cancels=stops)
    quantity = instrument.quantity(min(wanted, account.position))
    if not _sendable(quantity, price, instrument):
        return Plan(reason="dust")
    return Plan(requests=(_market(signal, decision_no, Leg.EXIT, Side.SELL, quantity, price),))


def _protect(account: Account, signal: Signal, price: Decimal, instrument: Instrument, decision_no: int) -> Plan:
    quantity = instrument.quantity(account.holding)
    stops = account.working_of(Leg.STOP)
    if signal.stop is None:
        return Plan(cancels=stops, reason="" if stops else "on_target")
    level = instrument.price(multiply(signal.reference_price, ONE - signal.stop))
    # A long's stop never moves down while the position lives.
    level = max(level, account.stop_floor) if account.stop_floor is not None else level
    if level <= 0 or not _sendable(quantity, level, instrument):
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
