"""A lot: coins of one acquisition that are still held, with what they cost and since when."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.money import divide
from trading.tax.apportion import part
from trading.tax.events import Acquisition


@dataclass(frozen=True)
class Lot:
    """`quantity` units of `asset` at `cost` in all, `unit_cost` each (50 digits, an order and not an amount).

    `acquired` is None for a pool, which has no one date. `number` is the place of its acquisition among all.
    """

    lot_id: str
    asset: str
    acquired: datetime | None
    number: int
    quantity: Decimal
    cost: Decimal
    unit_cost: Decimal


def opened(acquisition: Acquisition, number: int) -> Lot:
    """Return the lot that an acquisition opens; the `number`-th of all."""
    return Lot(
        lot_id=acquisition.event_id,
        asset=acquisition.asset,
        acquired=acquisition.held_since or acquisition.ts,
        number=number,
        quantity=acquisition.quantity,
        cost=acquisition.cost,
        unit_cost=divide(acquisition.cost, acquisition.quantity),
    )


def taken(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot]:
    """Return `quantity` units off `lot`, and its rest; what rounding the cost leaves over stays with the rest."""
    cost = part(lot.cost, quantity, lot.quantity)
    off = replace(lot, quantity=quantity, cost=cost)
    return off, replace(lot, quantity=lot.quantity - quantity, cost=lot.cost - cost)


def joined(lot: Lot, other: Lot) -> Lot:
    """Return both as one, under the name and date of the first, at their average cost."""
    quantity, cost = lot.quantity + other.quantity, lot.cost + other.cost
    return replace(lot, quantity=quantity, cost=cost, unit_cost=divide(cost, quantity))
