"""A quote: a limit order that a strategy wants to rest, told by the holding it leads to."""

from dataclasses import dataclass
from decimal import Decimal

from trading.order import Side

#: A venue allows some 200 open orders per symbol; a signal has few enough to be replaced within one bar.
MOST_QUOTES = 40


@dataclass(frozen=True)
class Quote:
    """Buy at `price` or below up to `exposure`, or sell at `price` or above down to it.

    `price` in quote per base; `exposure` is the share of the sub-account's equity to hold once the quote is filled.
    What is held already counts, so quotes are whole again after any fill, refusal or restart.
    """

    side: Side
    price: Decimal
    exposure: Decimal
