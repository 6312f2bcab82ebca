"""A sub-account over time: movements go in one after the other, what it owns and earned can be read in between."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from trading.errors import BadData
from trading.money import ZERO, multiply
from trading.performance.movement import Movement
from trading.performance.round_trips import Lot, RoundTrip, sell

Owner = tuple[str, str]


class Holding:
    """What one sub-account owns. Base for `quantity`, quote for all else; totals count from its first movement.

    For any history: equity(price) - deposits = realised + unrealised(price), to the last digit, both after fees.
    """

    def __init__(self) -> None:
        self.cash = self.deposits = self.fees = self.traded = self.quantity = ZERO
        self.lots: deque[Lot] = deque()
        self.trips: list[RoundTrip] = []

    def apply(self, movement: Movement) -> None:
        """Take `movement` in; BadData when it sells what is not there."""
        self.cash += movement.quote
        self.quantity += movement.base
        self.deposits += movement.capital
        self.fees += movement.fee
        self.traded += movement.value
        if movement.base < ZERO:
            self.trips.append(sell(self.lots, movement))
        elif movement.capital == ZERO:
            self.lots.append(Lot(movement.at, movement.base, -movement.quote, movement.fee))

    @property
    def cost(self) -> Decimal:
        """What was paid for what is held, fees included (FIFO)."""
        return sum((lot.cost for lot in self.lots), ZERO)

    @property
    def realised(self) -> Decimal:
        """Profit of what was sold, after the fees of both ways."""
        return sum((trip.pnl for trip in self.trips), ZERO)

    def value(self, price: Decimal) -> Decimal:
        """Return what the base that is held is worth at `price`."""
        return multiply(self.quantity, price)

    def unrealised(self, price: Decimal) -> Decimal:
        """Return the profit of what is still held, after the fees of its purchase."""
        return self.value(price) - self.cost

    def equity(self, price: Decimal) -> Decimal:
        """Return all that is owned at `price`."""
        return self.cash + self.value(price)


def holdings(
    movements: Sequence[Movement], times: Sequence[datetime], start: datetime
) -> Iterator[Mapping[Owner, Holding]]:
    """Yield the holdings at each of the ascending `times`: all that moved up to and including that time.

    At `start` only deposits have moved: the trades of that very moment belong to the first bar. The same mapping is
    yielded each time and goes on changing; read from it before the next.
    """
    coming = sorted(movements, key=lambda movement: (movement.at, movement.capital == ZERO))
    held: dict[Owner, Holding] = {}
    place = 0
    for time in times:
        while place < len(coming) and _due(coming[place], time, start):
            held.setdefault(coming[place].owner, Holding()).apply(coming[place])
            place += 1
        yield held


def price_of(symbol: str, holding: Holding, prices: Mapping[str, Decimal]) -> Decimal:
    """Return the price of `symbol`, zero where none is needed; BadData when something unpriced is held."""
    price = prices.get(symbol)
    if price is None and holding.quantity != ZERO:
        raise BadData(f"{symbol}: {holding.quantity} are held and no close is known: load market/candles")
    return ZERO if price is None else price


def _due(movement: Movement, time: datetime, start: datetime) -> bool:
    return movement.at < time or (movement.at == time and (time != start or movement.capital != ZERO))
