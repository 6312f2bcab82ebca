"""What can be traded at a venue, and the steps its prices and quantities move in."""

from dataclasses import dataclass
from decimal import Decimal

from trading.money import floor_to, multiply, round_to


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

    def price_above(self, value: Decimal) -> Decimal:
        """Return `value` on the tick grid, upwards."""
        below = floor_to(value, self.tick)
        return below if below == value else below + self.tick

    def quantity(self, value: Decimal) -> Decimal:
        """Return `value` on the lot grid, towards zero."""
        return floor_to(value, self.lot)

    def sendable(self, quantity: Decimal, price: Decimal) -> bool:
        """Return whether the venue takes an order of `quantity` that is worth its least at `price`."""
        return quantity > 0 and quantity >= self.min_quantity and multiply(quantity, price) >= self.min_notional


def split_symbol(name: str, quotes: tuple[str, ...]) -> tuple[str, str]:
    """Return (base, quote) of a symbol such as `BTC/USDT`, `BTC-USDT` or `BTCUSDT`; quotes are tried in order.

    One that would leave less than three letters, or a plain dollar, as the base comes last: `DOTUSD` is DOT in USD and
    not DO in TUSD, `USDTUSD` is USDT in USD.

    Raises:
        ValueError: no quote of the list ends the name.
    """
    for separator in ("/", "-", "_"):
        if separator in name:
            base, _, quote = name.partition(separator)
            return base.upper(), quote.upper()
    fits = [(name.upper()[: -len(q)], q) for q in quotes if name.upper().endswith(q) and len(name) > len(q)]
    likely = [(base, quote) for base, quote in fits if len(base) >= 3 and base != "USD"]
    if not fits:
        raise ValueError(name)
    return (likely or fits)[0]
