"""Bars on the venue's grid, in ticks and lots: made from frames of candles, looked up by time, and back again."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import overload

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
_COLUMNS = ("opened", *_PRICES, "volume")
_counts = attrgetter(*_COLUMNS)


class TickBars(Sequence[TickBar]):
    """Bars in columns, each made when somebody looks at it; `columns` are named and ordered as those of a TickBar."""

    def __init__(self, bars: Iterable[TickBar] = (), columns: Iterable[Iterable[int]] | None = None) -> None:
        """Hold `bars`, or what `columns` hold."""
        told = columns if columns is not None else zip(*map(_counts, bars), strict=True)
        made = [array("q", column) for column in told] or [array("q") for _ in _COLUMNS]
        self.columns: Mapping[str, array[int]] = dict(zip(_COLUMNS, made, strict=True))
        self._opened, self._opens = self.columns["opened"], self.columns["open"]
        self._guess = 0

    @overload
    def __getitem__(self, place: int) -> TickBar: ...
    @overload
    def __getitem__(self, place: slice) -> "TickBars": ...
    def __getitem__(self, place: int | slice) -> "TickBar | TickBars":
        """Return one bar, or a part."""
        if isinstance(place, slice):
            return TickBars(columns=[column[place] for column in self.columns.values()])
        return TickBar(*[column[place] for column in self.columns.values()])

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self._opened)

    def __iter__(self) -> Iterator[TickBar]:
        """Go through all of them."""
        return map(TickBar, *self.columns.values())

    def __eq__(self, other: object) -> bool:
        """Compare bar by bar."""
        return isinstance(other, list | TickBars) and [*self] == [*other]

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def extend(self, bars: "TickBars") -> None:
        """Add later bars."""
        for name, column in bars.columns.items():
            self.columns[name].extend(column)

    def before(self, at: int) -> int:
        """Return how many opened before `at` ms."""
        # Who goes through time asks for the same bar again, or for the next.
        opened, guess = self._opened, self._guess
        if guess + 1 < len(opened):
            if opened[guess] == at:
                return guess
            if opened[guess + 1] == at:
                self._guess = guess + 1
                return guess + 1
        self._guess = bisect_left(opened, at)
        return self._guess

    def shows(self, at: int) -> int | None:
        """Return the price in ticks at `at` ms: the open of the bar that opens then, else the last close, or None."""
        place = self.before(at)
        if place < len(self._opened) and self._opened[place] == at:
            return self._opens[place]
        return self.columns["close"][place - 1] if place else None

    def opens(self, place: int, at: int) -> bool:
        """Whether there is a bar at `place`, and it opens at `at` ms."""
        return place < len(self._opened) and self._opened[place] == at


class GridBars:
    """Bars by symbol, oldest first; `bar` and `last_before` are what an exchange needs of its market."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._bars: Mapping[str, TickBars] = {symbol: TickBars() for symbol in symbols}

    def append(self, symbol: str, bars: Sequence[TickBar]) -> None:
        """Add later bars of `symbol`."""
        self._bars[symbol].extend(in_columns(bars))

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None."""
        bars = self._bars[symbol]
        place = bars.before(opened)
        return bars[place] if bars.opens(place, opened) else None

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        bars = self._bars[symbol]
        place = bars.before(at)
        return bars[place - 1] if place else None

    def shows(self, symbol: str, at: int) -> int | None:
        """Return the price in ticks at `at` ms: the open of the bar that opens then, else the last close, or None."""
        return self._bars[symbol].shows(at)

    def window(self, symbol: str, start: int, end: int) -> TickBars:
        """Return the bars of `symbol` that open in [start, end) ms."""
        bars = self._bars[symbol]
        return bars[bars.before(start) : bars.before(end)]

    @property
    def last(self) -> int | None:
        """When the last bar of all opened, in ms; None without any bar."""
        return max((bars.columns["opened"][-1] for bars in self._bars.values() if bars), default=None)


def on_grid(frame: pl.DataFrame, instrument: Instrument) -> TickBars:
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
    whole = counts.select("ts", *prices, pl.col("volume").cast(pl.Int64))
    # An array takes bytes as its machine words, a hundred times faster than one number after the other.
    return TickBars(columns=[column.to_numpy().tobytes() for column in whole])


def in_columns(bars: Sequence[TickBar]) -> TickBars:
    """Return `bars` in columns; what is so already is not made anew."""
    return bars if isinstance(bars, TickBars) else TickBars(bars)


def frame(bars: Sequence[TickBar], instrument: Instrument) -> pl.DataFrame:
    """Return `bars` as BARS, each number the float64 nearest to its exact value: as if read from its decimal text."""
    counts = {name: np.array(column, dtype=np.int64) for name, column in in_columns(bars).columns.items()}
    steps = dict.fromkeys(_PRICES, instrument.tick) | {"volume": instrument.lot}
    times = pl.from_epoch(pl.Series("ts", counts.pop("opened"), dtype=pl.Int64), "ms")
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
