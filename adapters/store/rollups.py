"""Rollups: where they are continuous aggregates, refreshing them makes quick again what late bars made slow.

The view market.rollups is right at every moment without it (sql/timescale/rollups.sql says how).
"""

from datetime import datetime, timedelta

import psycopg

from adapters.store.database import Database

_DAY = timedelta(days=1)


def refresh(database: Database) -> int:
    """Count the marked days anew and return how many there were; 0 on a server without continuous aggregates.

    Marks of transactions that commit meanwhile stay, so nothing that is written during a refresh is missed.

    Raises:
        Unavailable: the server does not answer.
    """
    with database.transaction() as connection:
        row = connection.execute("select to_regclass('market.rollup_marks') is not null as there").fetchone()
        if row is None or not row["there"]:
            return 0
        marks = connection.execute(
            "select day, array_agg(mark_id) as ids from market.rollup_marks group by day"
        ).fetchall()
        levels = [row["timeframe"] for row in connection.execute("select distinct timeframe from market.rollup_steps")]
    with psycopg.connect(database.url, autocommit=True, options="-c timezone=UTC") as connection:
        for start, end in _spans(sorted(mark["day"] for mark in marks)):
            for level in levels:
                connection.execute(
                    "call refresh_continuous_aggregate(%s, %s, %s, force => true)",
                    (f"market.rolled_{level}", start, end),
                )
    ids = [number for mark in marks for number in mark["ids"]]
    with database.transaction() as connection:
        connection.execute("delete from market.rollup_marks where mark_id = any(%s)", (ids,))
    return len(marks)


def _spans(days: list[datetime]) -> list[tuple[datetime, datetime]]:
    """Return the half-open spans of days that follow each other."""
    spans: list[tuple[datetime, datetime]] = []
    for day in days:
        if spans and spans[-1][1] == day:
            spans[-1] = (spans[-1][0], day + _DAY)
        else:
            spans.append((day, day + _DAY))
    return spans
