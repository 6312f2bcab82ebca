"""A movement: what one journal changed in what a sub-account owns, valued in the quote currency."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.money import ZERO, divide, multiply


@dataclass(frozen=True)
class Movement:
    """A deposit (`capital` is not zero) or an execution of the order `ref`, from the ledger.

    `base` and `quote` are the changes of what is owned, fees taken off; `fee` is their value in quote at the price of
    the execution; `value` is what was traded, in quote.
    """

    at: datetime
    strategy: str
    symbol: str
    ref: str
    base: Decimal
    quote: Decimal
    fee: Decimal = ZERO
    value: Decimal = ZERO
    capital: Decimal = ZERO

    @property
    def owner(self) -> tuple[str, str]:
        """The sub-account: (strategy, symbol)."""
        return self.strategy, self.symbol


def fee_value(fee_base: Decimal, fee_quote: Decimal, traded_base: Decimal, traded_quote: Decimal) -> Decimal:
    """Return the fees of one execution in quote; what was paid in base counts at the price of that execution."""
    if fee_base == ZERO:
        return fee_quote
    return fee_quote + multiply(fee_base, divide(abs(traded_quote), abs(traded_base)))
