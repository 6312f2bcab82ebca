"""Quantile: the value below which a given share of all values lies."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile at `share` (0..1) of `values`, which are not empty; linear between neighbours."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
