"""What can be traded at a venue, and the steps its prices and quantities move in."""

from dataclasses import dataclass
from decimal import Decimal

from trading.money import floor_to, round_to


@dataclass(frozen=True)
class Instrument:
    """One spot market. Prices in `quote` per `base`, quantities in `base`, fees as fractions (0.001 = 0.1 %)."""

    venue: str
    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_quantity: Decimal
    min_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    status: str = "TRADING"

    def price(self, value: Decimal) -> Decimal:
        """Return `value` on the tick grid, nearest."""
        return round_to(value, self.tick)

    def quantity(self, value: Decimal) -> Decimal:
        """Return `value` on the lot grid, towards zero."""
        return floor_to(value, self.lot)


def split_symbol(name: str, quotes: tuple[str, ...]) -> tuple[str, str]:
    """Return (base, quote) of a symbol such as `BTC/USDT`, `BTC-USDT` or `BTCUSDT`; quotes are tried in order.

    Raises:
        ValueError: no quote of the list ends the name.
    """
    for separator in ("/", "-", "_"):
        if separator in name:
            base, _, quote = name.partition(separator)
            return base.upper(), quote.upper()
    for quote in quotes:
        if name.upper().endswith(quote) and len(name) > len(quote):
            return name.upper()[: -len(quote)], quote
    raise ValueError(name)
