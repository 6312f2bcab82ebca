"""Which days of a series were read from the venue's history, with what came of it."""

from collections.abc import Iterable
from datetime import date, datetime

from adapters.store.database import Connection


def done(connection: Connection, venue: str, symbol: str, timeframe: str) -> set[date]:
    """Return the days of which the venue has no more bars than what is stored."""
    rows = connection.execute(
        "select day from ops.backfilled_days where venue = %s and symbol = %s and timeframe = %s",
        (venue, symbol, timeframe),
    )
    return {row["day"] for row in rows.fetchall()}


def note(
    connection: Connection,
    series: tuple[str, str, str],
    days: Iterable[tuple[date, int, int]],
    read_at: datetime,
) -> None:
    """Note `days` of `series` (venue, symbol, timeframe) as read: day, sound bars that came, quarantined ones."""
    for day, bars, quarantined in days:
        connection.execute(
            "insert into ops.backfilled_days"
            " (venue, symbol, timeframe, day, read_at, bars, quarantined)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (venue, symbol, timeframe, day) do update"
            " set read_at = excluded.read_at, bars = excluded.bars,"
            " quarantined = excluded.quarantined",
            (*series, day, read_at, bars, quarantined),
        )
