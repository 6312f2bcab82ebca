"""Shrunk correlations: the sample's, drawn towards no correlation by as much as their own noise demands.

Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004); here of
standardised returns.
"""

from dataclasses import dataclass

import numpy as np

from trading.risk.measures.history import Floats


@dataclass(frozen=True)
class Correlations:
    """`matrix` (symbols x symbols, -1..1): the sample's times (1 - `shrinkage`) off its diagonal; NaN: never moved."""

    matrix: Floats
    shrinkage: float
    returns: int


def correlations(returns: Floats) -> Correlations | None:
    """Return the shrunk correlations of `returns` (rows x symbols); None for fewer than two rows."""
    rows, columns = returns.shape
    if rows < 2:
        return None
    matrix = np.full((columns, columns), np.nan)
    np.fill_diagonal(matrix, 1.0)
    moving = np.flatnonzero(returns.max(axis=0) > returns.min(axis=0))
    if not len(moving):
        return Correlations(matrix, 0.0, rows)
    chosen = returns[:, moving]
    apart = (chosen - chosen.mean(axis=0)) / chosen.std(axis=0)
    sample, amount = _shrunk(apart)
    matrix[np.ix_(moving, moving)] = sample
    return Correlations(matrix, amount, rows)


def _shrunk(apart: Floats) -> tuple[Floats, float]:
    """Return the shrunk covariance of standardised columns, and the share of the target in it."""
    rows, columns = apart.shape
    sample = apart.T @ apart / rows
    distance = float(((sample - np.eye(columns)) ** 2).sum())
    squares = apart**2
    noise = float((squares.T @ squares / rows - sample**2).sum()) / rows
    # What arithmetic leaves over of a sample that is the target itself is nothing to be shrunk.
    amount = min(1.0, max(0.0, noise / distance)) if distance > 1e-12 else 0.0
    shrunk = sample * (1 - amount)
    np.fill_diagonal(shrunk, 1.0)
    return shrunk, amount
