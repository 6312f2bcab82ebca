"""What a backtest is told at each close of a bar: what is known, and what forbids new risk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trading.strategies.knowledge import Knowledge, Shown
from trading.timeframe import Timeframe


class Source(Protocol):
    """What is known at each close of a bar, as it was known then."""

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        """Return by symbol what is known when the bar that opens at `bar` closes."""
        ...

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        """Return by symbol which check of the data up to `bar` forbids new risk; no entry where none does."""
        ...

    def shown(self, bars: Sequence[datetime], timeframe: Timeframe) -> Mapping[str, Shown]:
        """Return by symbol what strategies are shown of successive `bars`, as `at` tells it bar by bar."""
        told = [self.at(bar) for bar in bars]
        return {symbol: _together(symbol, told, bars, timeframe) for symbol in {one for known in told for one in known}}


def _together(
    symbol: str, told: Sequence[Mapping[str, Knowledge]], bars: Sequence[datetime], timeframe: Timeframe
) -> Shown:
    known = [one.get(symbol) for one in told]
    found = [None if one is None or one.lacking else one for one in known]
    return Shown(
        [one and one.shown(bar, timeframe) for one, bar in zip(found, bars, strict=True)],
        ["" if one is None else one.forecast.get("model_id", "") for one in found],
    )
