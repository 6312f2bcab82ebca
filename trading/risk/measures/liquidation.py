"""Liquidation: how long it takes to sell a position without moving its market, and what selling at once would cost."""

import statistics
from collections.abc import Sequence
from decimal import Decimal

from trading.market.liquidity import impact, mid
from trading.money import ONE, ZERO, divide, multiply
from trading.order import Side
from trading.order_book import OrderBook

#: The share of a day's volume that can be taken without being noticed.
PARTICIPATION = Decimal("0.1")
#: Days of volume below which their median says little.
LEAST_DAYS = 7


def days_to_liquidate(quantity: Decimal, volumes: Sequence[Decimal], share: Decimal = PARTICIPATION) -> Decimal | None:
    """Return the days that selling `quantity` (base) takes at `share` of the median of daily `volumes` (base).

    None for fewer than seven days of volume, or where the median day had none.
    """
    if quantity == ZERO:
        return ZERO
    usual = statistics.median(volumes) if len(volumes) >= LEAST_DAYS else ZERO
    return divide(abs(quantity), multiply(usual, share)) if usual > ZERO else None


def cost_at_once(quantity: Decimal, book: OrderBook) -> tuple[Decimal | None, Decimal]:
    """Return what taking `quantity` (base, below 0 to buy back) from `book` loses against its middle, and what is left.

    The loss is a fraction of the middle; None where the book holds nothing. What is left (base) finds no level.
    """
    side = Side.SELL if quantity > ZERO else Side.BUY
    taken = impact(book, side, abs(quantity))
    if taken.average is None:
        return None, taken.unfilled
    return abs(divide(taken.average, mid(book)) - ONE), taken.unfilled
