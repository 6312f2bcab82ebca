"""What trading costs: the fee on a fill, and the ladder of prices that a market order eats into.

The ladder stands around the last price. Its best level lies one half-spread away (rounded up to whole ticks against the
taker, so at least one), each further level one half-spread beyond, and each holds 1 / `LEVELS_PER_BAR` of the volume of
the last bar that traded: the price of taking x bars of volume is x * `LEVELS_PER_BAR` / 2 half-spreads on average.
With a half-spread of zero the market is frictionless: every size trades at the last price.
"""

from collections.abc import Iterator
from decimal import Decimal

from trading.money import divide, multiply, round_to
from trading.order import Side

LEVELS_PER_BAR = 200
LEVELS = 100
FRICTIONLESS = 2**62
#: A fee has so many decimals.
FEE_STEP = Decimal("0.00000001")
#: What is charged of a fee that is paid in the venue's own coin.
DISCOUNT = Decimal("0.75")


def fee(side: Side, quantity: Decimal, quote: Decimal, rate: Decimal) -> Decimal:
    """Return the fee of a fill in the currency received (base on BUY, quote on SELL), on 8 decimals.

    `quantity` is in base, `quote` is price times quantity, `rate` a fraction (0.001 = 0.1 %).
    """
    received = quantity if side is Side.BUY else quote
    return round_to(multiply(received, rate), FEE_STEP)


def coin_fee(worth: Decimal, price: Decimal) -> Decimal:
    """Return a fee that is `worth` so much quote currency in a coin that costs `price` of it, on 8 decimals."""
    return round_to(divide(multiply(worth, DISCOUNT), price), FEE_STEP)


def half_spread(price: int, bps: Decimal) -> int:
    """Return the half-spread at `price` ticks in ticks: `bps` / 10,000 of it rounded up, 0 only where `bps` is 0."""
    numerator, denominator = bps.as_integer_ratio()
    return -(-price * numerator // (10_000 * denominator))


def ladder(side: Side, price: int, bps: Decimal, volume: int) -> Iterator[tuple[int, int]]:
    """Yield (price in ticks, lots) of the levels that a taker on `side` meets around the last `price`, best first.

    `volume` is that of the last traded bar in lots; each level holds at least one lot. Prices stay positive.
    """
    step = half_spread(price, bps)
    if step == 0:
        yield price, FRICTIONLESS
        return
    lots = max(1, volume // LEVELS_PER_BAR)
    for level in range(1, LEVELS + 1):
        ticks = price + side.sign * step * level
        if ticks < 1:
            return
        yield ticks, lots
