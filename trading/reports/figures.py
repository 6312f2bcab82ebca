"""How documents tell numbers: ratios to ten places, and as many points of a curve as a page has pixels for."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from trading.money import ZERO, divide

_MOST_POINTS = 720
_PLACES = Decimal("1e-10")

T = TypeVar("T")


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return `part` as a fraction of `whole`, rounded; None where there is nothing to be a part of."""
    return rounded(divide(part, whole)) if whole > ZERO else None


def maybe(value: Decimal | None) -> Decimal | None:
    """Return `value` rounded, None for None."""
    return None if value is None else rounded(value)


def rounded(value: Decimal) -> Decimal:
    """Return `value` to ten places after the point."""
    return value.quantize(_PLACES)


def thin(points: Sequence[T], kept: frozenset[int] = frozenset()) -> list[T]:
    """Return at most about 720 of `points`, evenly chosen; the first, the last and those at the places `kept` stay."""
    stride = -(-len(points) // _MOST_POINTS)
    places = {*range(0, len(points), stride), len(points) - 1, *kept} if points else set[int]()
    return [points[place] for place in sorted(places)]
