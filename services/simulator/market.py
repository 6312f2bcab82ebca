"""The market that the simulator plays: bars on the tick and lot grid, from files or from a seed."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from services.simulator.config import FilesMarket, RandomMarket, SimulatorConfig
from trading.candle import BARS
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.simulation.path import TickBar
from trading.simulation.random_market import SPECS, MarketSpec, bars
from trading.timeframe import Timeframe

_AHEAD = timedelta(days=2)
#: Counts of ticks and lots beyond this would not be exact in the float64 that candles come in.
_MOST = 2.0**53


class Market:
    """Bars by symbol, oldest first; a random market without an end is made as time needs it."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._instruments = {instrument.symbol: instrument for instrument in config.markets}
        self._source = config.market
        self._timeframe = config.bar
        self._bars: dict[str, list[TickBar]] = {symbol: [] for symbol in self._instruments}
        self._opened: dict[str, list[int]] = {symbol: [] for symbol in self._instruments}
        self._made_until = datetime.min.replace(tzinfo=UTC)
        if isinstance(self._source, FilesMarket):
            for symbol in self._instruments:
                self._append(symbol, read_bars(self._source.folder, symbol))
        else:
            self._make_until(self._source.end or self._source.start)

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None."""
        self._ensure(opened)
        place = bisect_left(self._opened[symbol], opened)
        known = self._bars[symbol]
        return known[place] if place < len(known) and known[place].opened == opened else None

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        self._ensure(at)
        place = bisect_left(self._opened[symbol], at)
        return self._bars[symbol][place - 1] if place else None

    def window(self, symbol: str, start: int, end: int) -> Sequence[TickBar]:
        """Return the bars of `symbol` that open in [start, end) ms."""
        self._ensure(end)
        opened = self._opened[symbol]
        return self._bars[symbol][bisect_left(opened, start) : bisect_left(opened, end)]

    @property
    def end(self) -> int | None:
        """When the last bar of all closes, in ms; None when the market never ends."""
        if isinstance(self._source, RandomMarket) and self._source.end is None:
            return None
        lasts = [opened[-1] for opened in self._opened.values() if opened]
        return max(lasts, default=0) + self._timeframe.milliseconds

    def _ensure(self, at: int) -> None:
        if isinstance(self._source, RandomMarket) and self._source.end is None:
            needed = datetime.fromtimestamp(at / 1000, UTC)
            if needed >= self._made_until:
                self._make_until(needed + _AHEAD)

    def _make_until(self, end: datetime) -> None:
        if not isinstance(self._source, RandomMarket):
            return
        specs = [_spec(instrument) for instrument in self._instruments.values()]
        end = self._timeframe.open_of(end)
        panel = bars(self._source.seed, specs, self._timeframe, max(self._made_until, self._source.start), end)
        for (symbol,), frame in panel.group_by("symbol", maintain_order=True):
            self._append(str(symbol), frame.drop("symbol"))
        self._made_until = end

    def _append(self, symbol: str, frame: pl.DataFrame) -> None:
        new = on_grid(frame, self._instruments[symbol])
        self._bars[symbol] += new
        self._opened[symbol] += [bar.opened for bar in new]


def read_bars(folder: Path, symbol: str) -> pl.DataFrame:
    """Return the BARS frame of `symbol` in `folder`; Misconfigured when the file is missing or not of that schema."""
    path = folder / f"{symbol.replace('/', '')}.parquet"
    if not path.is_file():
        raise Misconfigured(f"market.folder: there is no {path.name} in {folder}")
    frame = pl.read_parquet(path)
    if frame.schema != BARS:
        raise Misconfigured(f"market.folder: {path} has columns {dict(frame.schema)}, expected {dict(BARS)}")
    return frame


def on_grid(frame: pl.DataFrame, instrument: Instrument) -> list[TickBar]:
    """Return the rows of a BARS frame in ticks and lots, nearest; prices are at least one tick.

    Raises:
        Misconfigured: the instrument's steps are too small for its prices or volumes.
    """
    steps = dict.fromkeys(("open", "high", "low", "close"), float(instrument.tick)) | {"volume": float(instrument.lot)}
    counts = frame.select(pl.col("ts").dt.epoch("ms"), *((pl.col(name) / step).round() for name, step in steps.items()))
    for name in steps:
        largest = counts[name].max()
        if isinstance(largest, float) and not largest < _MOST:
            step = "lot" if name == "volume" else "tick"
            raise Misconfigured(f"instruments: the {step} of {instrument.symbol} is too small for its {name}")
    prices = [pl.col(name).cast(pl.Int64).clip(lower_bound=1) for name in ("open", "high", "low", "close")]
    return [TickBar(*row) for row in counts.select("ts", *prices, pl.col("volume").cast(pl.Int64)).iter_rows()]


def _spec(instrument: Instrument) -> MarketSpec:
    """Return how `instrument` behaves in a random market: as the default of its name, or as a small coin."""
    tick, lot = float(instrument.tick), float(instrument.lot)
    for spec in SPECS:
        if spec.symbol == instrument.symbol:
            return replace(spec, tick=tick, lot=lot)
    price = tick * 10_000
    return MarketSpec(instrument.symbol, price, tick, lot, 1.3, 0.03, 3_000_000 / price)


def resample(rows: Sequence[TickBar], timeframe: Timeframe) -> list[TickBar]:
    """Return `rows` merged into bars of the longer `timeframe`; groups begin on its grid."""
    length = timeframe.milliseconds
    merged: list[TickBar] = []
    for row in rows:
        opened = row.opened - row.opened % length
        if merged and merged[-1].opened == opened:
            last = merged[-1]
            merged[-1] = TickBar(
                opened, last.open, max(last.high, row.high), min(last.low, row.low), row.close, last.volume + row.volume
            )
        else:
            merged.append(TickBar(opened, row.open, row.high, row.low, row.close, row.volume))
    return merged
