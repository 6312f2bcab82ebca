"""What a book did in a period, as the rules of surveillance read it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from trading.money import multiply

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Placed:
    """An order of ours: `price` in quote per base is its limit, or the market when it was decided.

    `cancelled` is when it ended by a cancel, None otherwise; `quantity` and `filled` in base.
    """

    client_id: str
    strategy: str
    venue: str
    symbol: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal
    filled: Decimal
    placed: datetime
    cancelled: datetime | None

    @property
    def value(self) -> Decimal:
        """Quantity times price, in quote."""
        return multiply(self.quantity, self.price)

    @property
    def withdrawn(self) -> bool:
        """Whether it was cancelled before any of it was filled."""
        return self.cancelled is not None and not self.filled

    @property
    def life(self) -> timedelta | None:
        """How long it lay before it was cancelled; None where it was not."""
        return None if self.cancelled is None else self.cancelled - self.placed


@dataclass(frozen=True)
class Executed:
    """A fill of ours; `resting` when its order was a limit order, which can meet another order of ours."""

    trade_id: str
    client_id: str
    strategy: str
    venue: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    at: datetime
    resting: bool

    @property
    def value(self) -> Decimal:
        """Quantity times price, in quote."""
        return multiply(self.quantity, self.price)


@dataclass(frozen=True)
class Movement:
    """What moved coins and was no order of ours: kind is FOREIGN (a stranger's trade) or ADJUSTMENT.

    `amount` is in `currency`, below zero for what went out.
    """

    ref: str
    kind: str
    symbol: str
    currency: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Activity:
    """Orders, fills and movements of [since, until), by time; `before` are the orders that came before it.

    `turnovers` is what was traded per earlier UTC day in quote, by symbol, the oldest first.
    """

    since: datetime
    until: datetime
    orders: Sequence[Placed]
    fills: Sequence[Executed]
    movements: Sequence[Movement]
    before: Sequence[Placed] = ()
    turnovers: Mapping[str, Sequence[Decimal]] = field(default_factory=dict[str, Sequence[Decimal]])


def grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    """Return `rows` by their key, each group in the order in which it came."""
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the UTC hour of `at`."""
    return at.replace(minute=0, second=0, microsecond=0)
