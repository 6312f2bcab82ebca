"""Cumulative return: what all bars together made, compounded."""

import math
from collections.abc import Sequence


def cumulative_return(returns: Sequence[float]) -> float:
    """Return the product of all 1 + return, less 1 (0.25 = 25 %); 0 for no returns."""
    return math.prod(1 + earned for earned in returns) - 1
