"""Funding rates that are stored: up to where, so that reading goes on there."""

from datetime import datetime

from adapters.store.database import Connection


def newest(connection: Connection, venue: str, symbol: str) -> datetime | None:
    """Return the time of the newest stored rate of a perpetual, or None."""
    row = connection.execute(
        "select max(ts) as ts from market.funding_rates where venue = %s and symbol = %s", (venue, symbol)
    ).fetchone()
    return None if row is None else row["ts"]
