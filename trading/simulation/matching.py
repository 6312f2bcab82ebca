"""The venue's book of our orders in one symbol, met by the walk of the market; integers of ticks and lots, exact.

Market orders and triggered stops eat the ladder around the last price. Resting limit orders are filled at their own
price when the market reaches it, together with at most a quarter of the volume that trades meanwhile.
"""

from dataclasses import dataclass

from trading.errors import Denied
from trading.order import OrderType
from trading.simulation.walk import Walk
from trading.simulation.working_order import Status, WorkingOrder


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of one order: price in ticks, quantity in lots, time in ms, unique `trade_id` within the symbol."""

    order: WorkingOrder
    trade_id: int
    price: int
    lots: int
    maker: bool
    at: int


class Book:
    """Our resting orders of one symbol, by order id, and the `walk` of the market that meets them unless `halted`."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.resting: dict[int, WorkingOrder] = {}
        self.halted = False
        self._trades = 0

    def step(self) -> list[Execution]:
        """Walk towards the next corner and return the executions at the first price that has any; [] once there.

        The open is a jump, so a stop in the gap fills at the open. Call again to go on.
        """
        corner = self.walk.course.corner
        if corner is None:
            return []
        if self.walk.course.opening or self.walk.price is None:
            self.walk.move(corner.price)
        while (price := self._next_event(corner.price)) is not None:
            self.walk.move(price)
            executions = self._fill_due(price, corner.at)
            if executions:
                return executions
        self.walk.move(corner.price)
        self.walk.arrive()
        return []

    def place(self, order: WorkingOrder) -> list[Execution]:
        """Take `order` in: fill what meets the ladder now, keep or expire the rest.

        Raises:
            Denied: STOP_WOULD_TRIGGER for a stop that the last price has reached already.
        """
        if order.type is OrderType.STOP_LOSS:
            if self.walk.price is not None and order.due(self.walk.price):
                raise Denied("STOP_WOULD_TRIGGER", f"stop {order.stop} against last price {self.walk.price} ticks")
            self.resting[order.order_id] = order
            return []
        executions = self._take(order, order.placed)
        if order.open and order.type is OrderType.LIMIT and not order.immediate:
            self.resting[order.order_id] = order
        elif order.open:
            self.end(order, Status.EXPIRED, order.placed)
        return executions

    def cost(self, order: WorkingOrder) -> int:
        """Return what a market `order` would pay or get now, in ticks times lots."""
        left, cost = order.remaining, 0
        for ticks, available in self.walk.levels(order.side):
            lots = min(left, available)
            left, cost = left - lots, cost + lots * ticks
            if left == 0:
                break
        return cost

    def _next_event(self, target: int) -> int | None:
        """Return the price nearest on the way to `target` at which a resting order is due."""
        here = self.walk.price
        if here is None or self.halted or not self.resting:
            return None
        prices = [
            here if order.due(here) else order.trigger
            for order in self.resting.values()
            if self._fillable(order) and (order.due(here) or order.due(target))
        ]
        return min(prices, key=lambda price: abs(price - here), default=None)

    def _fill_due(self, price: int, at: int) -> list[Execution]:
        """Fill every order due at `price`: stops first, then limits by price and age."""
        due = [order for order in self.resting.values() if not order.late and order.due(price)]
        due.sort(key=lambda order: (order.type is OrderType.LIMIT, -order.side.sign * order.trigger, order.order_id))
        executions: list[Execution] = []
        for order in due:
            if order.type is OrderType.LIMIT:
                lots = min(order.remaining, self.walk.allowance)
                self.walk.allowance -= lots
                executions += self.execute(order, order.trigger, lots, maker=True, at=at)
            else:
                executions += self._take(order, at)
                if order.open:
                    self.end(order, Status.EXPIRED, at)
        return executions

    def _fillable(self, order: WorkingOrder) -> bool:
        return not order.late and (self.walk.allowance > 0 or order.type is OrderType.STOP_LOSS)

    def _take(self, order: WorkingOrder, at: int) -> list[Execution]:
        """Eat the ladder as far as quantity, limit and budget allow."""
        matches = self.match(order)
        return [done for ticks, lots in matches for done in self.execute(order, ticks, lots, maker=False, at=at)]

    def match(self, order: WorkingOrder) -> list[tuple[int, int]]:
        """Take from the ladder what `order` meets now and return it as (ticks, lots), without booking it."""
        matches: list[tuple[int, int]] = []
        left, budget = order.remaining, None if order.budget is None else order.budget - order.spent
        for ticks, available in self.walk.levels(order.side):
            if order.limit is not None and (ticks - order.limit) * order.side.sign > 0:
                break
            lots = min(left, available)
            if budget is not None:
                lots = min(lots, budget // ticks)
                budget -= lots * ticks
            self.walk.take(order.side, lots)
            matches.append((ticks, lots))
            left -= lots
            if lots < available or left == 0:
                break
        return matches

    def execute(self, order: WorkingOrder, ticks: int, lots: int, *, maker: bool, at: int) -> list[Execution]:
        """Book `lots` of `order` at `ticks`; nothing for 0 lots."""
        if lots == 0:
            return []
        order.filled += lots
        order.spent += lots * ticks
        order.updated = at
        order.status = Status.PARTIALLY_FILLED
        if order.remaining <= 0:
            self.end(order, Status.FILLED, at)
        self._trades += 1
        return [Execution(order, self._trades, ticks, lots, maker, at)]

    def end(self, order: WorkingOrder, status: Status, at: int) -> None:
        """Take `order` out of the book at `at` ms with its last `status`."""
        order.status, order.updated = status, at
        self.resting.pop(order.order_id, None)
