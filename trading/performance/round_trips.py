"""Round trips: what was bought first is sold first (FIFO), within one sub-account."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.errors import BadData
from trading.money import ZERO, divide, multiply, round_to
from trading.performance.movement import Movement

#: Shares of a cost are kept to this step of the quote currency; what rounding takes from one part the other keeps.
_STEP = Decimal("1e-12")


@dataclass(frozen=True)
class Lot:
    """What is left of one purchase: `quantity` in base; `cost` in quote with the `fee` (in quote) that it contains."""

    bought_at: datetime
    quantity: Decimal
    cost: Decimal
    fee: Decimal


@dataclass(frozen=True)
class RoundTrip:
    """What one execution of the order `ref` sold, against its purchases. Quantity in base, the rest in quote.

    `cost` and `proceeds` are after fees, `fees` are those of both ways. `opened` is when its `largest` part was bought.
    """

    strategy: str
    symbol: str
    ref: str
    opened: datetime
    closed: datetime
    quantity: Decimal
    cost: Decimal
    proceeds: Decimal
    fees: Decimal
    largest: Decimal = ZERO

    @property
    def told(self) -> dict[str, Any]:
        """What documents tell of it."""
        return {name: value for name, value in vars(self).items() if name != "largest"}

    @property
    def pnl(self) -> Decimal:
        """Profit after fees, in quote."""
        return self.proceeds - self.cost


def sell(lots: deque[Lot], sale: Movement) -> RoundTrip:
    """Take the base that `sale` gave away from `lots`, oldest first, and return the round trip.

    Raises:
        BadData: more is sold than was ever bought.
    """
    wanted, parts = -sale.base, list[Lot]()
    while wanted > ZERO:
        if not lots:
            raise BadData(f"{sale.strategy} {sale.symbol}: {sale.ref} sold {wanted} more than was bought")
        lot = lots.popleft()
        if lot.quantity > wanted:
            lot, rest = _split(lot, wanted)
            lots.appendleft(rest)
        parts.append(lot)
        wanted -= lot.quantity
    largest = max(parts, key=lambda lot: lot.quantity)
    return RoundTrip(
        sale.strategy,
        sale.symbol,
        sale.ref,
        largest.bought_at,
        sale.at,
        -sale.base,
        sum((lot.cost for lot in parts), ZERO),
        sale.quote,
        sum((lot.fee for lot in parts), sale.fee),
        largest.quantity,
    )


def by_order(trips: list[RoundTrip]) -> list[RoundTrip]:
    """Return one round trip per selling order: its executions added up, in the order of their last ones."""
    whole: dict[str, RoundTrip] = {}
    for trip in trips:
        before = whole.pop(trip.ref, None)
        whole[trip.ref] = trip if before is None else _add(before, trip)
    return list(whole.values())


def _add(first: RoundTrip, second: RoundTrip) -> RoundTrip:
    return replace(
        second,
        opened=first.opened if first.largest >= second.largest else second.opened,
        quantity=first.quantity + second.quantity,
        cost=first.cost + second.cost,
        proceeds=first.proceeds + second.proceeds,
        fees=first.fees + second.fees,
        largest=max(first.largest, second.largest),
    )


def _split(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    """Return `quantity` of `lot` and the rest of it; the costs of both add up exactly."""
    share = divide(quantity, lot.quantity)
    cost, fee = (round_to(multiply(amount, share), _STEP) for amount in (lot.cost, lot.fee))
    return (
        Lot(lot.bought_at, quantity, cost, fee),
        Lot(lot.bought_at, lot.quantity - quantity, lot.cost - cost, lot.fee - fee),
    )
