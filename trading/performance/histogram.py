"""The distribution of returns: how many lie in each range of equal width."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
#: Beyond this many standard deviations there are too few to draw each range.
_REACH = 3.0
#: Less than a hundred-thousandth of a basis point is what arithmetic leaves over, not a move.
_LEAST_MOVE = 1e-9


@dataclass(frozen=True)
class Range:
    """How many returns lie from `low` up to below `high` (0.01 = 1 %); None is no bound: the first and the last."""

    low: float | None
    high: float | None
    count: int


def histogram(returns: Sequence[float], most: int = 24) -> list[Range]:
    """Return the counts of `returns` in at most about `most` ranges on round bounds, with 0 among them.

    Those that did not move are left out; empty for fewer than two that did.
    """
    moved = [earned for earned in returns if _moved(earned)]
    if len(moved) < 2:
        return []
    reach = _REACH * (statistics.stdev(moved) or abs(moved[0]))
    width = _nice(2 * reach / most)
    ends = math.ceil(reach / width)
    counts = Counter(max(-ends, min(ends - 1, math.floor(earned / width))) for earned in moved)
    return [
        Range(
            None if place == -ends else _bound(place * width),
            None if place == ends - 1 else _bound((place + 1) * width),
            counts[place],
        )
        for place in range(-ends, ends)
    ]


def unchanged(returns: Sequence[float]) -> int:
    """Return how many of `returns` did not move."""
    return sum(not _moved(earned) for earned in returns)


def _moved(earned: float) -> bool:
    return abs(earned) > _LEAST_MOVE


def _bound(value: float) -> float:
    """Return `value` without the last digits that its multiplication made up."""
    return float(f"{value:.6g}")


def _nice(width: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(width))
    return next(nice * magnitude for nice in _NICE if nice * magnitude >= width * 0.999)
