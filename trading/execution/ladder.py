"""Ladder: the quotes of a signal as quantities at prices, and what of them is missing or too much at the venue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.account import Account
from trading.instrument import Instrument
from trading.limits import Limits
from trading.money import ONE, ZERO, divide, floor_to, multiply
from trading.order import Leg, Order, Side
from trading.quote import Quote
from trading.signal import Signal

#: A resting order that differs by less than this share of what is wanted stays: its place in the queue is worth more.
TOLERANCE = Decimal("0.1")
#: Quotes outlive their signal by this share of the time for which it was valid: the next one is made meanwhile.
GRACE = 0.1


def rests_until(signal: Signal) -> datetime:
    """Return until when quotes of `signal` may rest where no other signal follows it."""
    return signal.valid_until + (signal.valid_until - signal.decided_at) * GRACE


@dataclass(frozen=True)
class Rung:
    """A limit order that should rest: `price` on the tick grid, `quantity` in base; `level` counts per leg from 1."""

    leg: Leg
    level: int
    price: Decimal
    quantity: Decimal


def ladder(
    wanted: Iterable[tuple[Quote, Decimal]], account: Account, instrument: Instrument, limits: Limits
) -> tuple[Rung, ...]:
    """Return the rungs that lead from what `account` holds to the holding `wanted` of each quote, in base.

    Nearest first: each rung begins where the one before it ends. One too small to be sent is left to the next; bids end
    where the cash does.
    """
    quotes = sorted(wanted, key=lambda one: one[0].price)
    bids = [one for one in reversed(quotes) if one[0].side is Side.BUY]
    asks = [one for one in quotes if one[0].side is Side.SELL]
    return (*_bids(bids, account, instrument, limits), *_asks(asks, account, instrument))


def difference(
    rungs: Sequence[Rung], account: Account, instrument: Instrument, limits: Limits
) -> tuple[list[Rung], list[Order]]:
    """Return what of `rungs` is missing among the working quotes, and which of these are to be cancelled.

    What is missing is paid from what is free: a quote that rests and is a little too large takes it from the others.
    """
    resting: defaultdict[tuple[Leg, Decimal | None], list[Order]] = defaultdict(list)
    for order in account.working:
        if order.request.key.leg.quoted:
            resting[order.request.key.leg, order.request.limit].append(order)
    free = {Leg.BID: account.cash, Leg.ASK: account.position}
    missing: list[Rung] = []
    kept: set[tuple[Leg, Decimal | None]] = set()
    for rung in rungs:
        rest = sum((order.remaining for order in resting.get((rung.leg, rung.price), [])), ZERO)
        if rest > multiply(rung.quantity, ONE + TOLERANCE):
            continue
        kept.add((rung.leg, rung.price))
        unit = multiply(rung.price, ONE + limits.cash_buffer) if rung.leg is Leg.BID else ONE
        quantity = instrument.quantity(min(rung.quantity - rest, divide(max(free[rung.leg], ZERO), unit)))
        if quantity > multiply(rung.quantity, TOLERANCE) and instrument.sendable(quantity, rung.price):
            missing.append(replace(rung, quantity=quantity))
            free[rung.leg] -= multiply(quantity, unit)
    surplus = [order for place, orders in resting.items() if place not in kept for order in orders]
    return missing, surplus


def _bids(
    quotes: Sequence[tuple[Quote, Decimal]], account: Account, instrument: Instrument, limits: Limits
) -> list[Rung]:
    held, cash = account.holding, account.cash + account.reserved_cash
    made: list[Rung] = []
    for quote, holding in quotes:
        price = floor_to(quote.price, instrument.tick)
        if price <= 0 or holding <= held:
            continue
        cost = multiply(price, ONE + limits.cash_buffer)
        quantity = instrument.quantity(min(holding - held, divide(cash, cost)))
        if instrument.sendable(quantity, price):
            _put(made, Leg.BID, price, quantity)
            held, cash = held + quantity, cash - multiply(quantity, cost)
    return made


def _asks(quotes: Sequence[tuple[Quote, Decimal]], account: Account, instrument: Instrument) -> list[Rung]:
    held = account.holding
    made: list[Rung] = []
    for quote, holding in quotes:
        price = instrument.price_above(quote.price)
        quantity = instrument.quantity(max(held - holding, ZERO))
        if instrument.sendable(quantity, price):
            _put(made, Leg.ASK, price, quantity)
            held -= quantity
    return made


def _put(made: list[Rung], leg: Leg, price: Decimal, quantity: Decimal) -> None:
    """Add a rung; quotes that the tick grid brings to one price are one."""
    if made and made[-1].price == price:
        made[-1] = replace(made[-1], quantity=made[-1].quantity + quantity)
    else:
        made.append(Rung(leg, len(made) + 1, price, quantity))
