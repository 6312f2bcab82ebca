"""The section 104 pool of one asset: what no other rule identified, at its average cost."""

from datetime import date
from decimal import Decimal

from trading.errors import BadData
from trading.money import ONE, ZERO, divide
from trading.tax.apportion import part
from trading.tax.events import Adjustment
from trading.tax.gain import Piece, Rule
from trading.tax.lot import Lot
from trading.tax.trading_day import TradingDay


class Pool:
    """Units and their cost, day after day. `held` counts what is really there, identified elsewhere or not."""

    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.quantity = ZERO
        self.cost = ZERO
        self.held = ZERO
        self._days: list[TradingDay] = []

    def pass_day(self, day: TradingDay) -> None:
        """Take one day: its splits, then what came in, then adjustments to what is held, then what goes out.

        Raises:
            BadData: more goes out than the pool holds, or an adjustment takes away more than it cost.
        """
        for split in day.splits:
            self.quantity = part(self.quantity, split.new, split.old)
            self.held = part(self.held, split.new, split.old)
        self._days.append(day)
        self.quantity += day.free
        self.cost += day.free_cost
        self.held += day.came
        for adjustment in day.adjustments:
            self._adjust(adjustment, day.day)
        self.held -= day.went
        if day.due:
            self._dispose(day)

    def lot(self) -> Lot:
        """Return what is left as one lot without a date."""
        unit_cost = divide(self.cost, self.quantity)
        return Lot("section 104", self.asset, None, 0, self.quantity, self.cost, unit_cost)

    def _dispose(self, day: TradingDay) -> None:
        if day.due > self.quantity:
            missing = day.due - self.quantity
            raise BadData(f"{self.asset} on {day.day}: {missing} go out that neither the pool nor 30 days explain")
        cost = part(self.cost, day.due, self.quantity)
        day.pieces.append(Piece(Rule.POOL, day.due, cost, "section 104", None))
        self.quantity -= day.due
        self.cost -= cost
        day.due = ZERO

    def _adjust(self, adjustment: Adjustment, today: date) -> None:
        """Share it between the pool and the coins held today that the thirty days gave to an earlier sale."""
        lent = self._lent(today)
        units = sum((held for _, held in lent), ZERO)
        whole = max(self.held, units)
        if not whole or (whole > units and not self.quantity):
            raise BadData(f"{adjustment.event_id}: no {self.asset} is held whose cost it could change")
        to_pool = adjustment.value
        for piece, held in lent:
            share = part(adjustment.value, held, whole)
            piece.cost += share
            to_pool -= share
        self.cost += to_pool
        if self.cost < ZERO or any(piece.cost < ZERO for piece, _ in lent):
            raise BadData(f"{adjustment.event_id}: more is taken off than {self.asset} cost")

    def _lent(self, today: date) -> list[tuple[Piece, Decimal]]:
        """Return the pieces whose coins were bought before today and not sold since, with their units of today."""
        found: list[tuple[Piece, Decimal]] = []
        old, new = ONE, ONE
        for day in reversed(self._days):
            if day.day < today:
                found += [(piece, part(units, new, old)) for piece, units in day.lent]
            if day.outgoings and day.day < today:
                break
            for split in day.splits:
                old, new = old * split.old, new * split.new
        return found
