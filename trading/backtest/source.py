"""What a backtest is told at each close of a bar: what is known, and what forbids new risk."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from trading.strategies.knowledge import Knowledge


class Source(Protocol):
    """What is known at each close of a bar, as it was known then."""

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        """Return by symbol what is known when the bar that opens at `bar` closes."""
        ...

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        """Return by symbol which check of the data up to `bar` forbids new risk; no entry where none does."""
        ...
