"""Funding rates of a declared source into market.funding_rates, on from where they end."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from adapters.exchange.funding import FundingRates, Rate
from adapters.exchange.passage import Opening
from adapters.sources.declared import Source
from adapters.sources.fetch import Held
from adapters.sources.visit import Taken
from adapters.store import funding as stored
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.market_rows import frame, funding_row

_TABLE = "market.funding_rates"
#: Read once more, so that a rate that the venue has revised is seen.
_OVERLAP = timedelta(days=1)
#: Where a source does not say since when.
_HISTORY = timedelta(days=30)


def take(
    database: Database, store: Store, source: Source, held: Held, now: datetime, passage: Opening | None = None
) -> Taken:
    """Read the rates of a source of kind funding that are settled by `now` and store them, window by window.

    A rate is known since it was settled; a revised one since `now`. Whoever is killed goes on behind what is stored.
    """
    rates = FundingRates(source.exchange, source.url or None, passage)
    written, refused, newest = 0, list[tuple[str, str]](), list[datetime]()
    try:
        for symbol in source.symbols:
            with database.transaction() as connection:
                last = stored.newest(connection, source.venue, symbol)
            start = last - _OVERLAP if last else source.start or now - _HISTORY
            for found, odd in rates.history(symbol, start, now):
                written += store.write(_TABLE, frame(_TABLE, _rows(source.venue, symbol, found)), now)
                refused += odd
                last = found[-1][0] if found else last
            newest += [last] if last else []
    finally:
        rates.close()
    # The symbol that lags behind the others says how fresh the source is.
    complete = len(newest) == len(source.symbols)
    return Taken(written, tuple(refused), min(newest) if complete else None, held)


def _rows(venue: str, symbol: str, found: Iterable[Rate]) -> list[dict[str, object]]:
    return [funding_row(venue, symbol, ts, rate, ts) for ts, rate in found]
