"""The lots of one asset that may stand for each other: of one wallet, or of all wallets where the law says so."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Any

from trading.errors import BadData
from trading.money import ZERO, divide
from trading.tax.apportion import apportion
from trading.tax.lot import Lot, joined, taken

POOL = "pool"


class Holding:
    """Lots by name, and a heap that knows which leaves next. With `pooled` they are one lot at average cost."""

    def __init__(self, order: Callable[[Lot], Any], pooled: bool) -> None:
        self._order = order
        self._pooled = pooled
        self._lots: dict[str, Lot] = {}
        # A name may stand here more than once, or after its lot is gone: only the lots by name are true.
        self._next: list[tuple[Any, str]] = []

    @property
    def quantity(self) -> Decimal:
        """How many units are held."""
        return sum((lot.quantity for lot in self._lots.values()), ZERO)

    def lots(self) -> list[Lot]:
        """Return what is held, the oldest first."""
        return sorted(self._lots.values(), key=lambda lot: lot.number)

    def add(self, lot: Lot) -> None:
        """Put a lot in; parts of one lot that come back together are one again."""
        if self._pooled:
            lot = replace(lot, lot_id=POOL, acquired=None, number=0)
        if known := self._lots.get(lot.lot_id):
            self._lots[lot.lot_id] = joined(known, lot)
        else:
            self._lots[lot.lot_id] = lot
            heappush(self._next, (self._order(lot), lot.lot_id))

    def take(self, quantity: Decimal, named: Sequence[str] = ()) -> list[Lot]:
        """Take `quantity` units out and return the lots they came from, in order: only from those `named`, if any.

        Raises:
            BadData: less is held, in all or by the names.
        """
        off: list[Lot] = []
        queue = list(named)
        while quantity > ZERO:
            lot = self._named(queue) if named else self._first()
            if lot is None:
                raise BadData(f"{quantity} more go out than {'the named lots hold' if named else 'are held'}")
            gone, rest = taken(lot, min(quantity, lot.quantity))
            off.append(gone)
            quantity -= gone.quantity
            if rest.quantity == ZERO:
                del self._lots[lot.lot_id]
            else:
                self._lots[lot.lot_id] = rest
        return off

    def rescale(self, quantity: Decimal) -> None:
        """Make it `quantity` units in all, each lot in its proportion, at the same cost."""
        if self._lots:
            known = list(self._lots.values())
            quantities = apportion(quantity, [lot.quantity for lot in known])
            self._put([replace(lot, quantity=units) for lot, units in zip(known, quantities, strict=True)])

    def recost(self, value: Decimal) -> None:
        """Add `value`, which may be negative, to the cost, each lot in proportion to its units.

        Raises:
            BadData: nothing is held, or a cost would fall below zero.
        """
        known = list(self._lots.values())
        changes = apportion(value, [lot.quantity for lot in known])
        if any(lot.cost + change < ZERO for lot, change in zip(known, changes, strict=True)):
            raise BadData(f"the cost of a lot would fall below zero by {value}")
        self._put([replace(lot, cost=lot.cost + change) for lot, change in zip(known, changes, strict=True)])

    def _put(self, lots: list[Lot]) -> None:
        left = [replace(lot, unit_cost=divide(lot.cost, lot.quantity)) for lot in lots if lot.quantity]
        if sum((lot.cost for lot in left), ZERO) != sum((lot.cost for lot in lots), ZERO):
            raise BadData("a lot is split into less than a grain, and its cost with it")
        self._lots = {lot.lot_id: lot for lot in left}
        self._next = [(self._order(lot), lot.lot_id) for lot in left]
        heapify(self._next)

    def _first(self) -> Lot | None:
        while self._next:
            if lot := self._lots.get(self._next[0][1]):
                return lot
            heappop(self._next)
        return None

    def _named(self, queue: list[str]) -> Lot | None:
        while queue:
            if lot := self._lots.get(queue[0]):
                return lot
            queue.pop(0)
        return None
