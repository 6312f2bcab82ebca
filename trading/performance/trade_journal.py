"""The trade journal: round trips with the orders that bought them, and what is still held, one entry each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO, divide, multiply
from trading.performance.holding import Holding, Owner, price_of
from trading.performance.movement import Movement
from trading.performance.round_trips import RoundTrip, by_order


@dataclass(frozen=True)
class Entry:
    """What one order sold, or what a sub-account still holds (`closed` and `exit_order` are None). Amounts in quote.

    `opened` is the first execution of `entry_order`, which bought most of it; `worth` is what was received for it, or
    its value at the last price; `cost` and `worth` are after fees. Prices are the means of its executions, in quote per
    base, None where nothing was executed (an accepted difference); `fills` counts the executions of all its orders.
    """

    strategy: str
    symbol: str
    opened: datetime
    closed: datetime | None
    quantity: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    cost: Decimal
    worth: Decimal
    fees: Decimal
    entry_order: str
    entry_orders: tuple[str, ...]
    exit_order: str | None
    fills: int

    @property
    def pnl(self) -> Decimal:
        """Profit after fees, in quote."""
        return self.worth - self.cost


@dataclass(frozen=True)
class Excursion:
    """How far the price went against an entry (at most 0) and in its favour (at least 0), times its quantity: quote."""

    adverse: Decimal
    favourable: Decimal


@dataclass(frozen=True)
class _Stretch:
    """A quantity (base) that one movement bought and another sold, or none yet."""

    quantity: Decimal
    purchase: Movement
    sale: Movement | None


def entries(movements: Sequence[Movement], prices: Mapping[str, Decimal]) -> list[Entry]:
    """Return the closed entries and those still open at `prices`, of `movements` oldest first: first in, first out.

    Raises:
        BadData: more is sold than was bought, or something is held of which there is no price.
    """
    owned: dict[Owner, list[Movement]] = defaultdict(list)
    for movement in sorted(movements, key=lambda movement: (movement.at, movement.capital == ZERO)):
        owned[movement.owner].append(movement)
    with localcontext(CONTEXT):
        found = [entry for owner, moved in owned.items() for entry in _of(owner, moved, prices)]
    return sorted(found, key=lambda one: (one.closed is None, one.closed or one.opened, one.strategy, one.symbol))


def excursion(entry: Entry, low: Decimal | None, high: Decimal | None) -> Excursion | None:
    """Return the excursions of `entry`, whose bars went from `low` to `high` (None for no bar); None without a price.

    The price at which it was closed counts as well.
    """
    if entry.entry_price is None:
        return None
    paid = entry.entry_price
    moves = [multiply(price - paid, entry.quantity) for price in (low, high, entry.exit_price) if price is not None]
    return Excursion(min([ZERO, *moves]), max([ZERO, *moves]))


def _of(owner: Owner, moved: Sequence[Movement], prices: Mapping[str, Decimal]) -> Iterator[Entry]:
    holding = Holding()
    for movement in moved:
        holding.apply(movement)
    fills: dict[str, int] = defaultdict(int)
    for movement in moved:
        fills[movement.ref] += 1
    parts: dict[str | None, list[_Stretch]] = defaultdict(list)
    for stretch in _stretches(moved):
        parts[stretch.sale.ref if stretch.sale else None].append(stretch)
    for trip in by_order(holding.trips):
        yield _entry(owner, parts[trip.ref], trip, fills)
    if holding.quantity > ZERO:
        cost, fee = holding.cost, sum((lot.fee for lot in holding.lots), ZERO)
        worth = holding.value(price_of(owner[1], holding, prices))
        held = RoundTrip(*owner, "", moved[0].at, moved[0].at, holding.quantity, cost, worth, fee)
        yield _entry(owner, parts[None], held, fills)


def _entry(owner: Owner, parts: Sequence[_Stretch], trip: RoundTrip, fills: Mapping[str, int]) -> Entry:
    bought: dict[str, Decimal] = defaultdict(Decimal)
    first: dict[str, datetime] = {}
    for part in parts:
        bought[part.purchase.ref] += part.quantity
        first.setdefault(part.purchase.ref, part.purchase.at)
    most = min(bought, key=lambda ref: (-bought[ref], first[ref], ref))
    orders = {*bought, *([trip.ref] if trip.ref else [])}
    return Entry(
        *owner,
        first[most],
        trip.closed if trip.ref else None,
        trip.quantity,
        _mean((part.quantity, part.purchase) for part in parts),
        _mean((part.quantity, part.sale) for part in parts if part.sale),
        trip.cost,
        trip.proceeds,
        trip.fees,
        most,
        tuple(sorted(bought)),
        trip.ref or None,
        sum(fills[ref] for ref in orders),
    )


def _stretches(moved: Sequence[Movement]) -> Iterator[_Stretch]:
    """Yield who bought and who sold each stretch, purchases and sales laid side by side in their order."""
    sales = [movement for movement in moved if movement.base < ZERO]
    place, left = 0, -sales[0].base if sales else ZERO
    for purchase in moved:
        rest = purchase.base if purchase.capital == ZERO else ZERO
        while rest > ZERO:
            if place == len(sales):
                yield _Stretch(rest, purchase, None)
                break
            taken = min(rest, left)
            yield _Stretch(taken, purchase, sales[place])
            rest, left = rest - taken, left - taken
            if left == ZERO:
                place += 1
                left = -sales[place].base if place < len(sales) else ZERO


def _mean(parts: Iterable[tuple[Decimal, Movement]]) -> Decimal | None:
    """Return the mean price of (quantity, movement), weighted by quantity, of those that have a price."""
    priced = [(quantity, price) for quantity, movement in parts if (price := _price(movement)) is not None]
    whole = sum((quantity for quantity, _ in priced), ZERO)
    return divide(sum((multiply(*one) for one in priced), ZERO), whole) if priced else None


def _price(movement: Movement) -> Decimal | None:
    """Return the price of an execution: what was traded, by the base before a fee that was taken from it."""
    if movement.value == ZERO:
        return None
    in_base = abs(movement.quote) == movement.value
    return (
        divide(movement.value - (movement.fee if in_base else ZERO), movement.base)
        if movement.base > ZERO
        else (divide(movement.value + (movement.fee if in_base else ZERO), -movement.base))
    )
