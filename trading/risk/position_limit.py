"""Cap a holding at a fraction of equity."""

from decimal import Decimal

from trading.instrument import Instrument
from trading.money import divide, multiply
from trading.target import Target


def apply(target: Target, equity: Decimal, price: Decimal, max_position: Decimal, instrument: Instrument) -> Target:
    """Return `target` with its value at `price` at most `max_position` x `equity`."""
    cap = divide(multiply(max(equity, Decimal(0)), max_position), price)
    return target.capped(instrument.quantity(cap), "position_limit")
