"""The parts of a profit: what the signal, its sizing, delay, execution, fees, funding and corrections made of it."""

from dataclasses import dataclass, fields
from decimal import Decimal

from trading.money import ZERO


@dataclass(frozen=True)
class Parts:
    """What each cause made, in quote; below 0 it cost. They add up to the profit exactly.

    `correction` is what no order of ours has done: trades of strangers, reversals, accepted differences, and what a
    currency that only fees were paid in has moved since.
    """

    signal: Decimal = ZERO
    sizing: Decimal = ZERO
    timing: Decimal = ZERO
    slippage: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO
    correction: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The profit."""
        return sum((getattr(self, name) for name in NAMES), ZERO)

    def __add__(self, other: "Parts") -> "Parts":
        """Return both together."""
        return Parts(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    def __sub__(self, other: "Parts") -> "Parts":
        """Return what this has beyond `other`."""
        return Parts(*(getattr(self, name) - getattr(other, name) for name in NAMES))


#: The parts in the order in which they are told.
NAMES = tuple(field.name for field in fields(Parts))
