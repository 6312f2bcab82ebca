"""The stationary bootstrap: series made of blocks of a series, of random length, so that what hangs together stays so.

Politis and Romano, "The Stationary Bootstrap" (1994); the length of a block by Politis and White, "Automatic
Block-Length Selection for the Dependent Bootstrap" (2004), as corrected by Patton (2009).
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
#: Numbers that are held at a time.
_AT_ONCE = 2_000_000


def block_length(values: Floats) -> float:
    """Return the mean length of a block, in values, that suits the dependence of `values`; 1 where there is none."""
    count = len(values)
    apart = values - values.mean()
    power = float(apart @ apart) / count
    if count < 10 or power <= 0:
        return 1.0
    window = max(5, math.ceil(math.sqrt(math.log10(count))))
    most = min(math.ceil(math.sqrt(count)) + window, count - 1)
    products = np.array([float(apart[lag:] @ apart[: count - lag]) / count for lag in range(most + 1)])
    small = np.abs(products[1:] / power) < 2 * math.sqrt(math.log10(count) / count)
    runs = np.convolve(small, np.ones(window), "valid")
    # Twice the first lag of a run of small correlations; without such a run, all lags.
    width = min(2 * (int(np.argmax(runs == window)) + 1), most) if (runs == window).any() else most
    lags = np.arange(1, width + 1)
    weights = np.minimum(1.0, 2 * (1 - lags / width)) * products[1 : width + 1]
    spectrum = float(power + 2 * weights.sum())
    if spectrum <= 0:
        return 1.0
    length = (float(2 * (weights @ lags)) ** 2 / spectrum**2 * count) ** (1 / 3)
    return min(max(length, 1.0), math.ceil(min(3 * math.sqrt(count), count / 3)))


def draws(count: int, length: int, block: float, paths: int, seed: int) -> Iterator[Places]:
    """Yield (paths, length) places in a series of `count` values, some paths at a time, `paths` of them in all.

    Blocks have a mean length of `block` values (1: each value is drawn alone) and go on at the first value after the
    last. The same arguments give the same places.
    """
    chance = np.random.default_rng(seed)
    each = max(1, _AT_ONCE // max(length, 1))
    for done in range(0, paths, each):
        shape = (min(each, paths - done), length)
        begins = chance.random(shape) < 1 / block
        begins[:, 0] = True
        starts = chance.integers(0, count, shape)
        steps = np.arange(length)
        since = np.maximum.accumulate(np.where(begins, steps, 0), axis=1)
        yield (np.take_along_axis(starts, since, axis=1) + steps - since) % count
