"""A trade: one public print of a venue (what we trade ourselves is a fill)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.order import Side


@dataclass(frozen=True, slots=True)
class Trade:
    """One print. `side` is the taker's, None when the venue does not say; price in quote, quantity in base."""

    market: str
    trade_id: str
    ts: datetime
    price: Decimal
    quantity: Decimal
    side: Side | None
