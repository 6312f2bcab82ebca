"""A listing: one market of a venue as the venue describes it, and since when and until when it is there."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Listing:
    """One market. Units as in Instrument; None where the venue does not say. `settle` is "" for spot.

    `listed_at` and `delisted_at` are as the venue states them; one that the venue lists no more was delisted when that
    was noticed.
    """

    venue: str
    symbol: str
    kind: str
    base: str
    quote: str
    settle: str
    tick: Decimal | None
    lot: Decimal | None
    min_quantity: Decimal | None
    min_notional: Decimal | None
    maker_fee: Decimal | None
    taker_fee: Decimal | None
    status: str = "TRADING"
    listed_at: datetime | None = None
    delisted_at: datetime | None = None
