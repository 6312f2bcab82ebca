"""What holds of a decision whatever an oracle says: no limit is passed, and what was asked for is not asked again."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from tests.unit.trading.oracle import Situation
from trading.account import Account
from trading.decide import Decision, Market, decide
from trading.order import Leg, Order, OrderRequest, OrderState, Side

TENTH = Fraction(1, 10)


def decided(of: Situation) -> Decision:
    return decide(of.signal, of.account, Market(of.instrument, of.price, of.now), of.limits, of.number)


def broken(of: Situation, decision: Decision) -> Iterator[str]:
    """Yield what `decision` breaks."""
    asked, cancels = decision.requests, decision.cancels
    if asked and cancels:
        yield "it asks and cancels at once"
    if not {order.client_id for order in cancels} <= {order.client_id for order in of.account.working}:
        yield "it cancels what does not work"
    if (decision.verdict == "TRADE") != bool(asked or cancels):
        yield "its verdict is not what it does"
    if not asked:
        return
    if len({request.key for request in asked}) < len(asked):
        yield "two orders have one key"
    bought = [request for request in asked if request.side is Side.BUY and request.quantity]
    sold = sum((Fraction(request.quantity) for request in asked if request.side is Side.SELL), Fraction(0))
    if sold > max(Fraction(of.account.position), Fraction(0)):
        yield "it sells more than is free"
    if bought and not of.account.entry_gate_open:
        yield "it buys while the gate is closed"
    yield from _off_the_grid(of, asked)
    yield from _too_much(of, bought)
    yield from _asked_again(of, decision)


def _off_the_grid(of: Situation, asked: tuple[OrderRequest, ...]) -> Iterator[str]:
    lot, tick = Fraction(of.instrument.lot), Fraction(of.instrument.tick)
    for request in asked:
        if not 0 < request.quantity >= of.instrument.min_quantity or Fraction(request.quantity) % lot:
            yield f"its quantity is off the grid: {request}"
        for price in (request.limit, request.stop):
            if price is not None and (price <= 0 or Fraction(price) % tick):
                yield f"its price is off the grid: {request}"


def _too_much(of: Situation, bought: list[OrderRequest]) -> Iterator[str]:
    """New risk beyond the largest order, the largest position or the cash."""
    a, limits, lot = of.account, of.limits, Fraction(of.instrument.lot)
    held, buffer = Fraction(a.position) + Fraction(a.reserved_position), Fraction(limits.cash_buffer)
    money = Fraction(a.cash) + Fraction(a.reserved_cash)
    bids = [(Fraction(order.request.limit or 0), Fraction(order.remaining)) for order in a.working_of(Leg.BID)]
    cost = Fraction(0)
    for request in bought:
        quantity, price = Fraction(request.quantity), Fraction(of.price)
        if quantity * price > limits.max_order_value:
            yield f"an order is worth too much: {request}"
        at = price if request.limit is None else Fraction(request.limit)
        cost += quantity * (at / (1 - buffer) if request.limit is None else at * (1 + buffer))
        new = sum(Fraction(one.quantity) for one in bought if one.limit is None or Fraction(one.limit) >= at)
        resting = sum(rest for limit, rest in bids if limit >= at)
        # A bid that rests may be a tenth too large.
        after = held + new + resting * (1 - TENTH / (1 + TENTH))
        if after * at > Fraction(limits.max_position) * max(money + held * at, Fraction(0)) + lot * at:
            yield f"the position becomes too large: {after} by {request}"
    if cost > max(Fraction(a.cash), Fraction(0)):
        yield "it spends more than is free"


def _asked_again(of: Situation, decision: Decision) -> Iterator[str]:
    """Once its orders work nothing else is asked for."""
    again = decided(replace(of, account=_working(of, decision.requests), number=of.number + 1))
    if again.requests or again.cancels:
        yield f"it changes its mind at once: {again}"


def _working(of: Situation, asked: tuple[OrderRequest, ...]) -> Account:
    a = of.account
    cash, position, owed, locked, floor = a.cash, a.position, a.reserved_cash, a.reserved_position, a.stop_floor
    for request in asked:
        if request.side is Side.BUY:
            need = request.quantity * (request.limit or of.price) * (1 + of.limits.cash_buffer)
            cash, owed = cash - need, owed + need
        else:
            position, locked = position - request.quantity, locked + request.quantity
        floor = request.stop or floor
    working = tuple(Order(one, one.key.client_id("book", 1), OrderState.ACKED, 1, 1) for one in asked)
    return replace(
        a,
        cash=cash,
        position=position,
        reserved_cash=owed,
        reserved_position=locked,
        stop_floor=floor,
        working=(*a.working, *working),
    )
