"""Dagster's own event log, which never shrinks by itself: old lines go, what tells the state of the assets stays."""

from collections.abc import Sequence
from datetime import datetime

import psycopg

from adapters.store.holds import Hold
from trading.errors import Unavailable

#: Without these Dagster would take partitions for missing and checks for never run.
_KEPT = (
    "ASSET_MATERIALIZATION",
    "ASSET_MATERIALIZATION_PLANNED",
    "ASSET_FAILED_TO_MATERIALIZE",
    "ASSET_OBSERVATION",
    "ASSET_CHECK_EVALUATION",
    "ASSET_CHECK_EVALUATION_PLANNED",
    "FRESHNESS_STATE_CHANGE",
)
#: So many lines are deleted in a transaction: Dagster writes meanwhile.
_BATCH = 20_000


def prune(url: str, before: datetime, holds: Sequence[Hold]) -> int:
    """Delete the lines older than `before` that no hold keeps, and return how many; `url` is in psycopg2's form.

    Raises:
        Unavailable: the server does not answer; the message names the setting.
    """
    spans = [(hold.since, hold.until) for hold in holds if (hold.venue, hold.symbol) == (None, None)]
    kept = " and not (timestamp >= coalesce(%s::timestamptz at time zone 'UTC', '-infinity')"
    kept += " and timestamp < coalesce(%s::timestamptz at time zone 'UTC', 'infinity'))"
    statement = (
        "delete from event_logs where id in (select id from event_logs where timestamp < %s::timestamptz at time zone"  # noqa: S608
        " 'UTC' and (dagster_event_type is null or dagster_event_type <> all(%s))" + kept * len(spans) + " limit %s)"
    )
    values = [before, list(_KEPT), *(edge for span in spans for edge in span), _BATCH]
    gone, total = -1, 0
    try:
        with psycopg.connect(url.replace("+psycopg2", ""), autocommit=True, options="-c timezone=UTC") as connection:
            there = connection.execute("select to_regclass('event_logs') is not null").fetchone()
            while there == (True,) and gone != 0:
                gone = connection.execute(statement.encode(), values).rowcount
                total += gone
    except psycopg.OperationalError as error:
        raise Unavailable(f"database (TRADEWIND_DAGSTER_URL): {str(error).splitlines()[0]}") from error
    return total
