"""An order as the venue holds it, in whole ticks and lots."""

from dataclasses import dataclass
from enum import StrEnum

from trading.order import OrderType, Side


class Status(StrEnum):
    """Where an order stands at the venue."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


OPEN = frozenset({Status.NEW, Status.PARTIALLY_FILLED})


@dataclass(slots=True)
class WorkingOrder:
    """An order as the venue holds it: `lots`, `limit` and `stop` in whole lots and ticks, times in ms.

    `budget` (ticks times lots) bounds what a triggered BUY stop may spend; its excess quantity expires.
    `late` lots worth `owed` (ticks times lots) are matched and not booked yet: until they are, nothing else fills it.
    """

    order_id: int
    client_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    lots: int
    placed: int
    limit: int | None = None
    stop: int | None = None
    immediate: bool = False
    budget: int | None = None
    late: int = 0
    owed: int = 0
    filled: int = 0
    spent: int = 0
    updated: int = 0
    status: Status = Status.NEW

    @property
    def remaining(self) -> int:
        """Lots not yet filled."""
        return self.lots - self.filled

    @property
    def trigger(self) -> int:
        """The price in ticks at which a resting order comes to life."""
        price = self.limit if self.type is OrderType.LIMIT else self.stop
        if price is None:
            raise ValueError(f"order {self.order_id} of type {self.type} cannot rest")
        return price

    def due(self, price: int) -> bool:
        """Whether the market at `price` ticks fills (limit) or triggers (stop) this resting order."""
        wants_low = (self.side is Side.BUY) == (self.type is OrderType.LIMIT)
        return price <= self.trigger if wants_low else price >= self.trigger

    @property
    def open(self) -> bool:
        """Whether more can still happen to the order."""
        return self.status in OPEN
