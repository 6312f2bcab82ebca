"""Bars on the venue's grid, in ticks and lots: made from frames of candles, looked up by time, and back again."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import polars as pl

from trading.candle import BARS
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.simulation.path import TickBar

#: Counts of ticks and lots beyond this would not survive the way through the float64 that candles come in, and back.
_MOST = 2.0**50
_PRICES = ("open", "high", "low", "close")


class GridBars:
    """Bars by symbol, oldest first; `bar` and `last_before` are what an exchange needs of its market."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._bars: Mapping[str, list[TickBar]] = {symbol: [] for symbol in symbols}
        self._opened: Mapping[str, list[int]] = {symbol: [] for symbol in self._bars}

    def append(self, symbol: str, bars: Sequence[TickBar]) -> None:
        """Add later bars of `symbol`."""
        self._bars[symbol].extend(bars)
        self._opened[symbol].extend(bar.opened for bar in bars)

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None."""
        place = bisect_left(self._opened[symbol], opened)
        known = self._bars[symbol]
        return known[place] if place < len(known) and known[place].opened == opened else None

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        place = bisect_left(self._opened[symbol], at)
        return self._bars[symbol][place - 1] if place else None

    def window(self, symbol: str, start: int, end: int) -> Sequence[TickBar]:
        """Return the bars of `symbol` that open in [start, end) ms."""
        opened = self._opened[symbol]
        return self._bars[symbol][bisect_left(opened, start) : bisect_left(opened, end)]

    @property
    def last(self) -> int | None:
        """When the last bar of all opened, in ms; None without any bar."""
        return max((opened[-1] for opened in self._opened.values() if opened), default=None)


def on_grid(frame: pl.DataFrame, instrument: Instrument) -> list[TickBar]:
    """Return the rows of a BARS frame in ticks and lots, nearest; prices are at least one tick.

    Raises:
        Misconfigured: the instrument's steps are too small for its prices or volumes.
    """
    steps = dict.fromkeys(_PRICES, float(instrument.tick)) | {"volume": float(instrument.lot)}
    counts = frame.select(pl.col("ts").dt.epoch("ms"), *((pl.col(name) / step).round() for name, step in steps.items()))
    for name in steps:
        largest = counts[name].max()
        if isinstance(largest, float) and not largest <= _MOST:
            step = "lot" if name == "volume" else "tick"
            raise Misconfigured(f"instruments: the {step} of {instrument.symbol} is too small for its {name}")
    prices = [pl.col(name).cast(pl.Int64).clip(lower_bound=1) for name in _PRICES]
    return [TickBar(*row) for row in counts.select("ts", *prices, pl.col("volume").cast(pl.Int64)).iter_rows()]


def frame(bars: Sequence[TickBar], instrument: Instrument) -> pl.DataFrame:
    """Return `bars` as BARS, each number the float64 nearest to its exact value: as if read from its decimal text."""
    counts = {name: np.array([getattr(bar, name) for bar in bars], dtype=np.int64) for name in (*_PRICES, "volume")}
    steps = dict.fromkeys(_PRICES, instrument.tick) | {"volume": instrument.lot}
    times = pl.from_epoch(pl.Series("ts", [bar.opened for bar in bars], dtype=pl.Int64), "ms")
    return pl.DataFrame(
        {
            "ts": times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            **{name: _amounts(count, steps[name]) for name, count in counts.items()},
        },
        schema=BARS,
    )


def _amounts(counts: npt.NDArray[np.int64], step: Decimal) -> npt.NDArray[np.float64]:
    # A quotient of whole numbers is rounded once (numpy divides, polars would multiply by a rounded reciprocal).
    above, below = step.as_integer_ratio()
    return (counts * above).astype(np.float64) / float(below)
