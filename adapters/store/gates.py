"""Gates and quarantine: what a check found is written down, and closes the way for exactly its symbol."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import polars as pl
from psycopg.types.json import Jsonb

from adapters.store.database import Connection, Database
from trading.market.finding import Finding, closing


def newest_bar(database: Database, venue: str, symbol: str, timeframe: str, until: datetime) -> datetime | None:
    """Return the open time of the newest stored bar that opened no later than `until`, or None."""
    with database.transaction() as connection:
        row = connection.execute(
            "select max(ts) as ts from market.candles where venue = %s and symbol = %s and timeframe = %s and ts <= %s",
            (venue, symbol, timeframe, until),
        ).fetchone()
    return None if row is None else row["ts"]


def write(
    connection: Connection,
    keys: Mapping[str, str],
    symbol: str,
    findings: Iterable[Finding],
    at: datetime,
    run_id: str,
    last_open: datetime,
    domain: str = "bars",
) -> None:
    """Store the findings about one symbol and set its gates as they stand now.

    A gate is closed while a blocking finding touches the newest bar due (`last_open`); it opens again with the first
    look of the same `domain` that no longer finds it. Older defects are recorded and close nothing. Who looks at other
    bars than the newest cannot say how things stand, and only records.
    """
    found = list(findings)
    record(connection, keys, symbol, found, at, run_id)
    closed = closing(found, last_open)
    connection.execute(
        "update ops.gates set closed = false, detail = 'healed', at = %s, run_id = %s"
        " where book = %s and venue = %s and symbol = %s and domain = %s and closed and not check_name = any(%s)",
        (at, run_id, keys["book"], keys["venue"], symbol, domain, list(closed)),
    )
    for check, detail in closed.items():
        connection.execute(
            "insert into ops.gates (book, venue, symbol, check_name, domain, closed, detail, at, run_id)"
            " values (%s, %s, %s, %s, %s, true, %s, %s, %s) on conflict (book, venue, symbol, check_name)"
            " do update set closed = true, detail = excluded.detail, at = excluded.at, run_id = excluded.run_id",
            (keys["book"], keys["venue"], symbol, check, domain, detail, at, run_id),
        )


def record(
    connection: Connection,
    keys: Mapping[str, str],
    symbol: str,
    findings: Iterable[Finding],
    at: datetime,
    run_id: str,
) -> None:
    """Store the findings about one symbol and leave its gates as they stand."""
    for finding in findings:
        connection.execute(
            "insert into ops.quality_results (book, venue, symbol, timeframe, check_name, passed, blocking, affected,"
            " first_ts, last_ts, detail, at, run_id)"
            " values (%(book)s, %(venue)s, %(symbol)s, %(timeframe)s, %(check)s, false, %(blocking)s, %(count)s,"
            " %(first_ts)s, %(last_ts)s, %(detail)s, %(at)s, %(run_id)s) on conflict do nothing",
            {**keys, **vars(finding), "symbol": symbol, "at": at, "run_id": run_id},
        )


def quarantine(connection: Connection, keys: Mapping[str, str], symbol: str, rows: pl.DataFrame, source: str) -> int:
    """Store quarantined rows (columns reason and raw, as `vet` gives them) once each; return how many were new."""
    new = 0
    for reason, raw in rows.select("reason", "raw").iter_rows():
        digest = hashlib.sha256(raw.encode()).hexdigest()
        new += connection.execute(
            "insert into ops.quarantined_candles (venue, symbol, timeframe, row_hash, reason, source, content)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (keys["venue"], symbol, keys["timeframe"], digest, reason, source, Jsonb({"row": raw})),
        ).rowcount
    return new
