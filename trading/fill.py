"""A fill: one trade of ours, as the venue reports it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.order import Side


@dataclass(frozen=True)
class Fill:
    """One execution. Quantity in base, price in quote per base, fee in `fee_currency`.

    (venue, account, symbol, trade_id) is unique.
    """

    venue: str
    symbol: str
    trade_id: str
    venue_order_id: str
    client_id: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    ts: datetime
