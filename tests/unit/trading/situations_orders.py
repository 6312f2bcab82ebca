"""Situations in which earlier orders work: those that were demanded, about so or in part, and strange ones."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.unit.trading.oracle import Oracle, Refused, Situation, Wish
from tests.unit.trading.oracle_steps import expected
from tests.unit.trading.situations import ONE, STATES, ZERO, D, near, steps
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side


def works(
    leg: Leg, number: int, lots: Decimal, filled: Decimal, at: Decimal | None, of: Situation, state: OrderState
) -> Order:
    """Return an order of an earlier decision; `at` is the limit of a quote, the level of a stop, None at the market."""
    quoted, buys = leg in (Leg.BID, Leg.ASK), leg in (Leg.BID, Leg.ENTRY)
    kind = OrderType.LIMIT if quoted else OrderType.STOP_LOSS
    key = OrderKey("before", 1, leg, number if quoted else 0)
    request = OrderRequest(
        key,
        "book",
        "strategy",
        "venue",
        "BTC/USDT",
        Side.BUY if buys else Side.SELL,
        OrderType.MARKET if at is None else kind,
        lots + filled,
        of.price,
        limit=at if quoted else None,
        stop=at if leg is Leg.STOP else None,
        reduce_only=not buys,
    )
    return Order(request, f"order-{number}", state, 1, 1, filled=filled)


def with_orders(of: Situation, orders: list[Order]) -> Situation:
    """Return the situation in which `orders` work and have reserved what they need; what is owned stays the same."""
    a = of.account
    cash, position, owed, locked = a.cash, a.position, a.reserved_cash, a.reserved_position
    for order in orders:
        rest = order.request.quantity - order.filled
        if order.request.side is Side.BUY:
            need = rest * (order.request.limit or of.price) * (1 + of.limits.cash_buffer)
            cash, owed = cash - need, owed + need
        else:
            position, locked = position - rest, locked + rest
    working = (*a.working, *orders)
    after = replace(a, cash=cash, position=position, reserved_cash=owed, reserved_position=locked, working=working)
    return replace(of, account=after)


def evolved(r: Random, of: Situation) -> Situation:
    """Return the situation after the orders that it demands went out, or others did: in part, too much, not at all."""
    lot, orders = of.instrument.lot, list[Order]()
    wishes = list(expected(of).wishes) if r.random() < 0.8 else []
    if r.random() < 0.3:
        wishes += _rungs(of)
    held, seen = max(of.account.position, ZERO), set[tuple[Leg, Any]]()
    for wish in wishes:
        if wish.lots <= 0 or (wish.leg, wish.limit) in seen or r.random() < 0.1:
            continue
        seen.add((wish.leg, wish.limit))
        orders += _sent(r, of, wish, len(orders), held)
        held -= sum(one.remaining for one in orders if one.request.side is Side.SELL)
    if r.random() < 0.25:
        orders += _strange(r, of, len(orders), max(held, lot))
    after = with_orders(of, orders)
    if r.random() < 0.3:
        move = r.choice((-40, -7, -1, 1, 7, 40)) * of.instrument.tick
        after = replace(after, price=of.price + move if of.price + move > 0 else of.price)
    return replace(after, number=r.choice((1, 2, 2, 3)))


def _rungs(of: Situation) -> list[Wish]:
    try:
        rungs = Oracle(of).rungs()
    except Refused:
        return []
    return [Wish(leg, 0, OrderType.LIMIT, lots, limit=price) for (leg, price), lots in rungs.items()]


def _sent(r: Random, of: Situation, wish: Wish, number: int, held: Decimal) -> list[Order]:
    """Return orders at the place of `wish`: of its size, about a tenth off, or in two parts."""
    lot, tick = of.instrument.lot, of.instrument.tick
    lots = D(int(wish.lots))
    size = lots * r.choice((ONE, ONE, ONE, D("1.1"), D("1.1"), D("0.9"), D("0.9"), D("0.5"), D("1.5"), D("0.01")))
    size = max(near(r, D(int(size)), ONE) if size != lots else size, ONE) * lot
    if wish.leg not in (Leg.BID, Leg.ENTRY):
        size = min(size, max(held // lot * lot, lot))
    own = wish.limit if wish.limit is not None else wish.stop
    at = None if own is None else D(int(own)) * tick
    if wish.leg is Leg.STOP and at is not None:
        at = max(near(r, at, tick), tick)
    state = r.choice(STATES)
    filled = size if state is OrderState.PARTIAL else ZERO
    if r.random() < 0.2 and size > lot:
        part = steps(size / 3, lot) or lot
        halves = (part, size - part)
        return [works(wish.leg, number + i, one, ZERO, at, of, OrderState.ACKED) for i, one in enumerate(halves)]
    return [works(wish.leg, number, size, filled, at, of, state)]


def _strange(r: Random, of: Situation, number: int, held: Decimal) -> list[Order]:
    """Return an order that the signal does not ask for."""
    leg = r.choice((Leg.BID, Leg.ASK, Leg.STOP, Leg.STOP, Leg.ENTRY, Leg.EXIT))
    at = max(steps(of.price * r.choice((D("0.7"), D("0.95"), D("1.1"))), of.instrument.tick), of.instrument.tick)
    if leg in (Leg.ENTRY, Leg.EXIT) or (leg is Leg.STOP and r.random() < 0.3):
        at = None
    lots = steps(held * r.choice((ONE, ONE, D("0.5"))), of.instrument.lot) or of.instrument.lot
    return [works(leg, number, lots, ZERO, at, of, r.choice(STATES))]
