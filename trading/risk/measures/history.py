"""The history that positions are held against: closes of symbols at the ends of equal days, and their returns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from trading.errors import BadData
from trading.performance.closes import Close

Floats = npt.NDArray[np.float64]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class History:
    """`closes` (quote per base) of each symbol at `ends`, 24 hours apart; NaN where no bar ended at that moment."""

    ends: Sequence[datetime]
    closes: Mapping[str, Floats]

    def changes(self, symbols: Sequence[str], days: int = 1) -> Floats:
        """Return simple returns over `days`, one row for each end from the first on (the first `days` are NaN)."""
        prices = np.array([self.closes[symbol] for symbol in symbols]).reshape(len(symbols), len(self.ends)).T
        found = np.full_like(prices, np.nan)
        if days < len(prices):
            found[days:] = prices[days:] / prices[:-days] - 1.0
        return found

    def returns(self, symbols: Sequence[str], days: int = 1) -> Floats:
        """Return `changes` without the rows in which a symbol has none: what all of them did on the same days."""
        found = self.changes(symbols, days)
        return found[~np.isnan(found).any(axis=1)]


def history(closes: Iterable[Close], symbols: Sequence[str], until: datetime, length: timedelta) -> History:
    """Return the history of `symbols` at `until` and every 24 hours before, from bars of `length`.

    A close counts where its bar ends at that moment and was known by `until`; of its versions the newest counts. A day
    whose last bar is missing stays a hole: nothing is filled in.

    Raises:
        BadData: a close is not above zero.
    """
    newest: dict[tuple[str, datetime], Close] = {}
    for close in closes:
        end = close.ts + length
        if end > until or close.known_at > until or (until - end) % DAY:
            continue
        if close.price <= 0:
            raise BadData(f"market.candles: {close.symbol} closes at {close.price} at {close.ts.isoformat()}")
        before = newest.get((close.symbol, end))
        if before is None or before.known_at <= close.known_at:
            newest[close.symbol, end] = close
    first = min((end for _, end in newest), default=until)
    ends = [first + number * DAY for number in range((until - first) // DAY + 1)]
    priced = {
        symbol: np.array([float(newest[symbol, end].price) if (symbol, end) in newest else np.nan for end in ends])
        for symbol in symbols
    }
    return History(ends, priced)
