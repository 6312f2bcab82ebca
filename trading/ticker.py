"""A ticker: the best prices and the last one, as a venue tells them beside the book."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Ticker:
    """Prices in quote currency, each None where the venue leaves it out; `sequence` is the book's number then."""

    market: str
    ts: datetime | None
    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    sequence: int | None = None
