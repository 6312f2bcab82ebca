"""A market with nothing to find: the bars of a real one in another order, so that what chance gives can be seen."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from trading.candle import BARS

_PRICES = ("open", "high", "low", "close")
Places = npt.NDArray[np.int64]


def shuffled(bars: Mapping[str, pl.DataFrame], start: datetime, block: int, seed: int) -> dict[str, pl.DataFrame]:
    """Return the BARS frames of `bars` by symbol with their bars in an order that `seed` decides.

    Blocks of `block` bars stay together, and so do the bars of one time, whatever their symbol. A bar keeps its shape:
    its prices relative to the close before it, and its volume. Those before `start` and those from it on are shuffled
    among themselves, so that each stretch earns what it did. A bar that was missing is missing where it goes to.
    """
    times = pl.concat([frame["ts"] for frame in bars.values()]).unique().sort()
    split = int((times < start).sum())
    chance = np.random.default_rng(seed)
    order = np.concatenate([_order(split, block, chance), split + _order(len(times) - split, block, chance)])
    # The bar at `order[n]` goes to the time `n`.
    moved = pl.DataFrame({"was": times.gather(order), "ts": times})
    return {symbol: _in_order(frame, moved) for symbol, frame in bars.items()}


def _order(count: int, block: int, chance: np.random.Generator) -> Places:
    """Return 0 .. count - 1 with blocks of `block` permuted; the last block may be shorter."""
    starts = np.arange(0, count, block, dtype=np.int64)
    parts = [np.arange(first, min(first + block, count), dtype=np.int64) for first in chance.permutation(starts)]
    return np.concatenate(parts) if parts else np.array([], dtype=np.int64)


def _in_order(frame: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    frame = frame.sort("ts")
    first = frame["open"].item(0)
    before = pl.col("close").shift(1, fill_value=first)
    shapes = frame.select(pl.col("ts").alias("was"), *(pl.col(name) / before for name in _PRICES), "volume")
    there = moved.join(shapes, on="was", how="inner").sort("ts")
    opening = first * there["close"].cum_prod().shift(1, fill_value=1.0)
    return there.with_columns(*(pl.col(name) * opening for name in _PRICES)).select(list(BARS)).cast(BARS)
