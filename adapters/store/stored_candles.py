"""Which candles the database holds: its series, the open times of one, its ends, and how to ask for its bars."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import sql as syntax

from adapters.store.database import Connection
from trading.timeframe import Timeframe


def series(connection: Connection) -> list[tuple[str, str, str]]:
    """Return (venue, symbol, timeframe) of all stored series, sorted."""
    rows = connection.execute("select distinct venue, symbol, timeframe from market.candles order by 1, 2, 3")
    return [(row["venue"], row["symbol"], row["timeframe"]) for row in rows.fetchall()]


def open_times(connection: Connection, venue: str, symbol: str, timeframe: str) -> list[datetime]:
    """Return the open times of one series, sorted, each once."""
    rows = connection.execute(
        "select distinct ts from market.candles where venue = %s and symbol = %s and timeframe = %s order by ts",
        (venue, symbol, timeframe),
    )
    return [row["ts"] for row in rows.fetchall()]


def query(venue: str, symbol: str, timeframe: str, start: datetime | None, end: datetime, as_of: datetime) -> str:
    """Return the text of the query for the bars of one series that open in [start, end), as known at `as_of`.

    Columns ts, open, high, low, close, volume; for tools that take a query and run it themselves.
    """
    since = syntax.SQL("") if start is None else syntax.SQL(" and ts >= {}").format(start)
    text = syntax.SQL(
        "select distinct on (ts) ts, open, high, low, close, volume from market.candles"
        " where venue = {} and symbol = {} and timeframe = {}"
        " and ts < {} and knowledge_ts <= {}{} order by ts, knowledge_ts desc"
    )
    return text.format(venue, symbol, timeframe, end, as_of, since).as_string(None)


def late(
    connection: Connection, series: Mapping[str, Any], since: datetime, before: datetime, patience_seconds: float
) -> tuple[list[str], datetime]:
    """Return the UTC days before `before` of whose bars some were stored late, after `since`, and when the last was.

    `series` holds venue, timeframe, symbols; late is more than `patience_seconds` after the close.
    """
    length = Timeframe.parse(series["timeframe"]).seconds
    rows = connection.execute(
        "select to_char(ts at time zone 'UTC', 'YYYY-MM-DD') as day, max(recorded_at) as seen from market.candles"
        " where venue = %(venue)s and timeframe = %(timeframe)s and symbol = any(%(symbols)s) and ts < %(before)s"
        " and recorded_at > %(since)s and recorded_at > ts + make_interval(secs => %(late)s)"
        " group by 1 order by 1",
        {**series, "since": since, "before": before, "late": length + patience_seconds},
    ).fetchall()
    return [row["day"] for row in rows], max((row["seen"] for row in rows), default=since)


def bounds(connection: Connection, venue: str, symbol: str, timeframe: str) -> tuple[datetime, datetime]:
    """Return the open times of the first and the last bar of a series that has any."""
    row = connection.execute(
        "select min(ts) as first, max(ts) as last from market.candles"
        " where venue = %s and symbol = %s and timeframe = %s",
        (venue, symbol, timeframe),
    ).fetchone()
    assert row is not None  # noqa: S101
    return row["first"], row["last"]
