"""Ulcer index: how deep and how long the book stood below its peak."""

import math
from collections.abc import Sequence
from decimal import Decimal


def ulcer_index(drawdowns: Sequence[Decimal | float]) -> float | None:
    """Return the root mean square of `drawdowns`, whose first is that of the start (0.1 = 10 %).

    It divides by one less than the number of bars, as quantstats does. None for fewer than two bars.
    """
    bars = len(drawdowns) - 1
    return math.sqrt(math.fsum(float(below) ** 2 for below in drawdowns) / (bars - 1)) if bars > 1 else None
