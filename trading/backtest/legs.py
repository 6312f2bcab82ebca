"""The legs of a position: the entries that filled since it was last to hold nothing."""

from bisect import insort
from datetime import datetime
from decimal import Decimal

from trading.limits import MOST_LEGS
from trading.order import Order


class Legs:
    """The entries of one sub-account, each with the time and the market price (quote per base) of its decision."""

    def __init__(self) -> None:
        self._made: list[tuple[datetime, str, Decimal]] = []

    def add(self, at: datetime, order: Order) -> None:
        """Count the entry `order`, decided at `at`."""
        insort(self._made, (at, order.client_id, order.request.reference_price))

    def forget(self, *ends: datetime | None) -> None:
        """Keep what was decided after the last of `ends`, at which there was nothing left to hold."""
        told = [at for at in ends if at is not None]
        while told and self._made and self._made[0][0] <= max(told):
            del self._made[0]

    @property
    def number(self) -> int:
        """How many there are; no limit counts further than MOST_LEGS."""
        return min(len(self._made), MOST_LEGS)

    @property
    def price(self) -> Decimal | None:
        """What the market was at when the newest was decided, None without one."""
        return self._made[-1][2] if self._made else None
