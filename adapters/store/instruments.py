"""Instruments as the domain has them, read from market.instruments."""

from collections.abc import Sequence
from datetime import datetime

from adapters.store.database import Connection
from trading.errors import BadData
from trading.instrument import Instrument


def load(connection: Connection, venue: str, symbols: Sequence[str], as_of: datetime) -> dict[str, Instrument]:
    """Return each instrument by symbol as it was known at `as_of`; BadData names those that are missing."""
    rows = connection.execute(
        "select distinct on (symbol) venue, symbol, base, quote, tick, lot, min_quantity, min_notional, maker_fee,"
        " taker_fee, status from market.instruments where venue = %s and symbol = any(%s) and knowledge_ts <= %s"
        " order by symbol, knowledge_ts desc",
        (venue, list(symbols), as_of),
    )
    found = {row["symbol"]: Instrument(**row) for row in rows}
    missing = sorted(set(symbols) - set(found))
    if missing:
        raise BadData(f"no row in market.instruments for {', '.join(missing)} at {venue}")
    return found
