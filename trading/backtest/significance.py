"""Significance: whether chance alone would have earned as much as a rule did."""

import numpy as np

from trading.backtest.bootstrap import Floats, draws


def mean_above_zero(returns: Floats, block: float, paths: int, seed: int) -> float:
    """Return how likely a mean as large as that of `returns` is where the true mean is 0 (p value, one-sided).

    The null is the same series with its mean taken off, drawn in blocks of `block` returns: after costs, tails and
    dependence as they are.
    """
    mean = float(returns.mean())
    apart = returns - mean
    count = len(returns)
    reached = sum(int((apart[places].mean(axis=1) >= mean).sum()) for places in draws(count, count, block, paths, seed))
    return (1 + reached) / (1 + paths)


def timing(exposures: Floats, moves: Floats) -> float:
    """Return how likely the same positions, taken at random times, earn as much as they did (p value, one-sided).

    `exposures` are shares of the equity and `moves` the returns of what was held, both (bars, symbols). The positions
    are turned against the bars, all symbols together, by every number of bars there is: each turn holds as much, as
    long, and trades as often, so costs do not tell them apart.
    """
    count = len(exposures)
    spectra = np.conj(np.fft.rfft(exposures, axis=0)) * np.fft.rfft(moves, axis=0)
    earned = np.fft.irfft(spectra.sum(axis=1), count)
    # Turns that earn the same differ by the rounding of the transform.
    slack = 1e-9 * max(float(np.abs(earned).max()), 1e-300)
    return float((earned >= earned[0] - slack).sum()) / count
