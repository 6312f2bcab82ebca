"""The market that the simulator plays: bars on the tick and lot grid, from files or from a seed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from services.simulator.config import FilesMarket, RandomMarket, SimulatorConfig
from trading.candle import BARS
from trading.errors import Misconfigured
from trading.simulation.grid import GridBars, on_grid
from trading.simulation.path import TickBar
from trading.simulation.random_market import bars, spec_of
from trading.timeframe import Timeframe

_AHEAD = timedelta(days=2)


class Market:
    """Bars by symbol, oldest first; a random market without an end is made as time needs it."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._instruments = {instrument.symbol: instrument for instrument in config.markets}
        self._source = config.market
        self._timeframe = config.bar
        self._bars = GridBars(self._instruments)
        self._made_until = datetime.min.replace(tzinfo=UTC)
        if isinstance(self._source, FilesMarket):
            for symbol in self._instruments:
                self._append(symbol, read_bars(self._source.folder, symbol))
        else:
            self._make_until(self._source.end or self._source.start)

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None."""
        self._ensure(opened)
        return self._bars.bar(symbol, opened)

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        self._ensure(at)
        return self._bars.last_before(symbol, at)

    def window(self, symbol: str, start: int, end: int) -> Sequence[TickBar]:
        """Return the bars of `symbol` that open in [start, end) ms."""
        self._ensure(end)
        return self._bars.window(symbol, start, end)

    @property
    def end(self) -> int | None:
        """When the last bar of all closes, in ms; None when the market never ends."""
        if isinstance(self._source, RandomMarket) and self._source.end is None:
            return None
        return (self._bars.last or 0) + self._timeframe.milliseconds

    def _ensure(self, at: int) -> None:
        if isinstance(self._source, RandomMarket) and self._source.end is None:
            needed = datetime.fromtimestamp(at / 1000, UTC)
            if needed >= self._made_until:
                self._make_until(needed + _AHEAD)

    def _make_until(self, end: datetime) -> None:
        if not isinstance(self._source, RandomMarket):
            return
        specs = [spec_of(instrument) for instrument in self._instruments.values()]
        end = self._timeframe.open_of(end)
        panel = bars(self._source.seed, specs, self._timeframe, max(self._made_until, self._source.start), end)
        for (symbol,), frame in panel.group_by("symbol", maintain_order=True):
            self._append(str(symbol), frame.drop("symbol"))
        self._made_until = end

    def _append(self, symbol: str, frame: pl.DataFrame) -> None:
        self._bars.append(symbol, on_grid(frame, self._instruments[symbol]))


def read_bars(folder: Path, symbol: str) -> pl.DataFrame:
    """Return the BARS frame of `symbol` in `folder`; Misconfigured when the file is missing or not of that schema."""
    path = folder / f"{symbol.replace('/', '')}.parquet"
    if not path.is_file():
        raise Misconfigured(f"market.folder: there is no {path.name} in {folder}")
    frame = pl.read_parquet(path)
    if frame.schema != BARS:
        raise Misconfigured(f"market.folder: {path} has columns {dict(frame.schema)}, expected {dict(BARS)}")
    return frame


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
