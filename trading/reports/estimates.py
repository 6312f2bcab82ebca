"""How documents tell what was estimated in floats: Decimals of so many places, None for what is not known."""

from decimal import Decimal
from math import isfinite

from trading.reports.figures import rounded

_UNITS = Decimal("1e-8")


def fraction(value: float | None) -> Decimal | None:
    """Return `value` to ten places after the point; None for None and for what is not finite."""
    return None if value is None or not isfinite(value) else rounded(Decimal(repr(float(value))))


def amount(value: float | None) -> Decimal | None:
    """Return `value` (quote) to eight places after the point; None for None and for what is not finite."""
    return None if value is None or not isfinite(value) else Decimal(repr(float(value))).quantize(_UNITS)
