"""The steps that lead to a goal, as one list of rules of which the first that has an answer counts; and the whole."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from tests.unit.trading.oracle import (
    LAST_REFUSAL,
    LAST_STOP_REFUSAL,
    UNSETTLED,
    Expected,
    Oracle,
    Refused,
    Situation,
    Wish,
)
from trading.order import Leg, Order, OrderType, Side

Rungs = dict[tuple[Leg, Fraction], Fraction]
TENTH = Fraction(1, 10)


class Step(NamedTuple):
    """What is asked for and taken back, and why."""

    wishes: tuple[Wish, ...] = ()
    cancels: tuple[Order, ...] = ()
    reason: str = ""


def wait(o: Oracle, _goal: Fraction, _rungs: Rungs) -> Step | None:
    """While the venue owes an answer, or an order of the market works, nothing is done."""
    if any(order.state in UNSETTLED for order in o.account.working):
        return Step(reason="waiting_for_venue")
    sold = [order for order in o.of[Leg.STOP] if order.request.type is OrderType.MARKET]
    if sold:
        o.touched.append("a market stop works")
    if o.of[Leg.ENTRY] or o.of[Leg.EXIT] or sold:
        return Step(reason="order_working")
    return None


def resting(o: Oracle, leg: Leg, price: Fraction | None = None) -> Fraction:
    """Return the lots of a leg that still rest, at one price or at all."""
    orders = [order for order in o.of[leg] if price is None or order.request.limit == Fraction(price * o.tick)]
    return sum((Fraction(order.request.quantity) - Fraction(order.filled) for order in orders), Fraction(0)) / o.lot


def tidy(o: Oracle, _goal: Fraction, rungs: Rungs) -> Step | None:
    """What rests where nothing shall rest, or is more than a tenth too much there, goes first."""
    most = {place: lots * (1 + TENTH) for place, lots in rungs.items()}
    kept = {place for place, lots in most.items() if o.compare("too much", resting(o, *place), lots) <= 0}
    surplus = [
        order
        for leg in (Leg.BID, Leg.ASK)
        for order in o.of[leg]
        if order.request.limit is None or (leg, Fraction(order.request.limit) / o.tick) not in kept
    ]
    return Step(cancels=tuple(surplus), reason="quotes") if surplus else None


def pause(o: Oracle, _goal: Fraction, _rungs: Rungs) -> Step | None:
    """A venue that has refused two orders of a signal is asked for nothing but stops."""
    if o.account.refused - o.account.stops_refused < LAST_REFUSAL:
        return None
    step = protect(o)
    return step if step.wishes or step.cancels else Step(reason="refused_by_venue")


def worth_it(o: Oracle, goal: Fraction) -> bool:
    lots = Fraction(int(abs(goal - o.held)))
    least = o.equity(o.price) * Fraction(o.limits.min_rebalance)
    return o.sendable(lots, o.price) and (goal == 0 or o.compare("rebalance", lots * o.price, least) >= 0)


def sell(o: Oracle, goal: Fraction, _rungs: Rungs) -> Step | None:
    """What locks the holding goes first; then what is free is sold."""
    if goal >= o.held or not worth_it(o, goal):
        return None
    if locking := (*o.of[Leg.STOP], *o.of[Leg.ASK]):
        return Step(cancels=locking)
    lots = Fraction(int(min(o.held - goal, o.free)))
    return Step((Wish(Leg.EXIT, 0, OrderType.MARKET, lots),)) if o.sendable(lots, o.price) else Step(reason="dust")


def buy(o: Oracle, goal: Fraction, _rungs: Rungs) -> Step | None:
    """As far as the cash reaches; what has lost its stop gets it back first, or is closed instead."""
    if goal < o.held or not worth_it(o, goal):
        return None
    lots = Fraction(int(min(goal - o.held, o.cash * (1 - o.buffer) / o.price)))
    if not o.sendable(lots, o.price):
        return None
    lost = Step() if o.of[Leg.STOP] else protect(o)
    if any(wish.type is OrderType.MARKET for wish in lost.wishes):
        return lost
    if lost.reason == "stop_refused":
        o.touched.append("no growth without a stop")
        return lost
    return Step((*lost.wishes, Wish(Leg.ENTRY, 0, OrderType.MARKET, lots)))


def protect(o: Oracle) -> Step:
    """One stop covers the whole holding, at its distance and never lower than it was."""
    stops = tuple(o.of[Leg.STOP])
    if o.signal.stop is None:
        return Step(cancels=stops, reason="" if stops else "on_target")
    assert o.stop is not None
    level = o.stop
    if o.account.stop_floor is not None:
        floor = Fraction(o.account.stop_floor) / o.tick
        if floor % 1:
            o.touched.append("floor off the grid")
        o.compare("floor", floor, Fraction(round(o.reference * (1 - Fraction(o.signal.stop)))))
    # What a lost order has locked is not there to be sold.
    lots = Fraction(int(min(o.held, o.free + resting(o, Leg.STOP))))
    if lots < int(o.held):
        o.touched.append("less than is held is free")
    if level <= 0 or not o.sendable(lots, level):
        return Step(reason="on_target")
    if stops:
        kept = [order.request.stop for order in stops if order.request.stop is not None]
        whole = len(stops) == 1 and len(kept) == 1 and o.compare("cover", resting(o, Leg.STOP), lots) == 0
        whole = whole and o.compare("level", kept[0], level * o.tick) >= 0
        return Step(reason="on_target") if whole else Step(cancels=stops)
    return new_stop(o, lots, level)


def new_stop(o: Oracle, lots: Fraction, level: Fraction) -> Step:
    """A stop, or a sale at once where the market has passed it or the venue takes none; in the end nothing."""
    if o.account.stops_refused >= LAST_STOP_REFUSAL:
        return Step(reason="stop_refused")
    passed = o.compare("passed", level, o.price) >= 0
    if passed or o.account.stops_refused >= LAST_REFUSAL:
        reason = "stop_passed" if passed else "stop_refused"
        return Step((Wish(Leg.STOP, 0, OrderType.MARKET, lots),), reason=reason)
    return Step((Wish(Leg.STOP, 0, OrderType.STOP_LOSS, lots, stop=level),))


def rest(o: Oracle, _goal: Fraction, rungs: Rungs) -> Step | None:
    """Protect, and let rest what is missing, from what is free: more than a tenth of a rung, or it is not worth it."""
    step = protect(o)
    made, free = list[Wish](), {Leg.BID: o.cash, Leg.ASK: o.free}
    levels = {Leg.BID: 0, Leg.ASK: 0}
    for (leg, price), wanted in rungs.items():
        levels[leg] += 1
        each = price * (1 + o.buffer) if leg is Leg.BID else Fraction(1)
        lots = Fraction(int(min(wanted - resting(o, leg, price), max(free[leg], Fraction(0)) / each)))
        if o.compare("too little", lots, wanted * TENTH) > 0 and o.sendable(lots, price):
            made.append(Wish(leg, levels[leg], OrderType.LIMIT, lots, limit=price))
            free[leg] -= lots * each
    closing = step.reason == "stop_refused" or any(wish.type is OrderType.MARKET for wish in step.wishes)
    if closing and made:
        o.touched.append("no quotes beside a closing")
    if step.cancels or closing or not made:
        return step
    return Step((*step.wishes, *made), reason="quotes")


RULES: tuple[Callable[[Oracle, Fraction, Rungs], Step | None], ...] = (wait, tidy, pause, sell, buy, rest)


def first_of(o: Oracle, goal: Fraction, rungs: Rungs) -> Step:
    """Return the answer of the first rule that has one."""
    return next(step for rule in RULES if (step := rule(o, goal, rungs)) is not None)


def expected(told: Situation) -> Expected:
    """Return the decision that the documents demand."""
    o = Oracle(told)
    if o.over and told.number == 1 and not (o.of[Leg.BID] or o.of[Leg.ASK]):
        return Expected("DENIED", "expired", o.held, touched=tuple(o.touched))
    goal, notes, rungs, step = o.held, list[str](), Rungs(), Step()
    try:
        (goal, notes), rungs = o.goal(), o.rungs()
        step = first_of(o, goal, rungs)
        why = o.refusal(step.wishes)
    except Refused as unknown:
        why = str(unknown)
    if why:
        # What may not grow, or has no size that could be told, is protected and offered nevertheless.
        goal, notes = o.held, [why]
        asks = {place: lots for place, lots in rungs.items() if place[0] is Leg.ASK}
        left = [first_of(o, o.held, kept) for kept in (asks, {})]
        step = next((one for one in left if not o.refusal(one.wishes)), Step())
        if not (step.wishes or step.cancels):
            return Expected("DENIED", why, o.held, touched=tuple(o.touched))
    verdict = "TRADE" if step.wishes or step.cancels else "HOLD"
    reason = ",".join(part for part in (*notes, step.reason, o.signal.reason) if part)
    cancels = tuple(sorted(order.client_id for order in step.cancels))
    return Expected(verdict, reason, goal, step.wishes, cancels, tuple(o.touched))


def side_of(leg: Leg) -> Side:
    """Return which way an order of `leg` goes; those that sell only reduce."""
    return Side.BUY if leg in (Leg.ENTRY, Leg.BID) else Side.SELL
