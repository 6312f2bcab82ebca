"""Concentration: how much of what is held lies in few places."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trading.money import ONE, ZERO, divide, multiply


@dataclass(frozen=True)
class Concentration:
    """`herfindahl` is the sum of the squared shares (1: all in one), `effective` how many equal parts have the same."""

    herfindahl: Decimal
    effective: Decimal
    largest: str
    largest_share: Decimal


def concentration(values: Mapping[str, Decimal]) -> Concentration | None:
    """Return the concentration of positions worth `values` (quote, either sign); None when nothing is held."""
    sizes = {name: abs(value) for name, value in values.items() if value != ZERO}
    total = sum(sizes.values(), ZERO)
    if total == ZERO:
        return None
    shares = {name: divide(size, total) for name, size in sizes.items()}
    index = sum((multiply(share, share) for share in shares.values()), ZERO)
    largest = max(sorted(shares), key=shares.__getitem__)
    return Concentration(index, divide(ONE, index), largest, shares[largest])
