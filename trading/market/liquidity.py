"""What a book says about how well one could trade: spread, prices in its middle, balance, slope, and cost of a size.

All exact: prices in quote per base, quantities in base; `levels` counts from the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.money import ZERO, divide, multiply
from trading.order import Side
from trading.order_book import Level, OrderBook


@dataclass(frozen=True, slots=True)
class Impact:
    """What taking a quantity from a book would cost.

    `average` is the mean price, `worst` that of the last level touched, `slippage` what is lost against the best price
    as a fraction of it, never negative; `unfilled` is what the levels do not hold.
    """

    average: Decimal | None
    worst: Decimal | None
    slippage: Decimal
    unfilled: Decimal


def spread(book: OrderBook) -> Decimal:
    """Return best ask minus best bid."""
    return book.asks[0].price - book.bids[0].price


def mid(book: OrderBook) -> Decimal:
    """Return the price halfway between the best bid and the best ask."""
    return divide(book.asks[0].price + book.bids[0].price, Decimal(2))


def microprice(book: OrderBook) -> Decimal:
    """Return the mean of the best prices, each weighted by the other side's quantity: nearer to the thinner side."""
    bid, ask = book.bids[0], book.asks[0]
    weighted = multiply(bid.price, ask.quantity) + multiply(ask.price, bid.quantity)
    return divide(weighted, bid.quantity + ask.quantity)


def imbalance(book: OrderBook, levels: int) -> Decimal:
    """Return (bids - asks) / (bids + asks) of the quantities on the best `levels`: +1 all bids, -1 all asks."""
    bids, asks = _quantity(book.bids[:levels]), _quantity(book.asks[:levels])
    return divide(bids - asks, bids + asks)


def slope(book: OrderBook, side: Side, levels: int) -> Decimal | None:
    """Return the base quantity within the best `levels` per unit of quote that the price moves from mid to the last.

    `side` is the side of the book: BUY for the bids. A steep book (large) takes much before its price moves.
    """
    rows = (book.bids if side is Side.BUY else book.asks)[:levels]
    distance = abs(rows[-1].price - mid(book))
    return divide(_quantity(rows), distance) if distance else None


def impact(book: OrderBook, side: Side, quantity: Decimal) -> Impact:
    """Return what it costs to take `quantity` at once: a BUY takes the asks, a SELL the bids."""
    rows = book.asks if side is Side.BUY else book.bids
    left, paid, worst = quantity, ZERO, None
    for row in rows:
        if left <= 0:
            break
        taken = min(left, row.quantity)
        paid += multiply(taken, row.price)
        left, worst = left - taken, row.price
    filled = quantity - left
    if filled <= 0:
        return Impact(None, None, ZERO, left)
    average, best = divide(paid, filled), rows[0].price
    return Impact(average, worst, divide(multiply(average - best, Decimal(side.sign)), best), left)


def _quantity(rows: Sequence[Level]) -> Decimal:
    return sum((row.quantity for row in rows), ZERO)
