"""Retention: which rows have been in the database long enough, and which of them a legal hold keeps there."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql as syntax

from adapters.store.cold import Partition
from adapters.store.database import Connection
from adapters.store.holds import Hold
from trading.errors import Misconfigured

#: Dagster's own table, in its own database.
DAGSTER = "dagster.event_logs"


@dataclass(frozen=True)
class Policy:
    """A row of ops.retention_policies; rows before `before` are due, whole days or months of them."""

    table: str
    time_column: str
    archived: bool
    span: str
    before: datetime


def policies(connection: Connection, table: str | None = None, before: datetime | None = None) -> list[Policy]:
    """Return the policies, of one table or all, as they stand now; `before` replaces what they say is due.

    Raises:
        Misconfigured: there is no policy for `table`.
    """
    rows = connection.execute(
        "select table_name, time_column, archived, span,"
        " date_trunc(span, coalesce(%s, clock_timestamp() - hot), 'UTC') as before"
        " from ops.retention_policies where %s::text is null or table_name = %s order by table_name",
        (before, table, table),
    ).fetchall()
    if table is not None and not rows:
        raise Misconfigured(f"--table {table}: ops.retention_policies has no row for it")
    return [Policy(r["table_name"], r["time_column"], r["archived"], r["span"], r["before"]) for r in rows]


def due(connection: Connection, policy: Policy) -> list[Partition]:
    """Return the partitions of an archived table whose time has come, oldest first."""
    rows = connection.execute(
        syntax.SQL(
            "select venue, symbol, date_trunc({span}, ts, 'UTC') as since,"
            " date_trunc({span}, ts, 'UTC') + {width}::interval as until from {table} where ts < {before}"
            " group by 1, 2, 3, 4 order by 3, 1, 2"
        ).format(
            span=syntax.Literal(policy.span),
            width=syntax.Literal(f"1 {policy.span}"),
            table=syntax.Identifier(*policy.table.split(".")),
            before=syntax.Literal(policy.before),
        )
    ).fetchall()
    return [Partition(policy.table, r["venue"], r["symbol"], r["since"], r["until"], policy.span) for r in rows]


def delete(connection: Connection, policy: Policy) -> int:
    """Delete the due rows of a table that is not archived, but for those under a hold; return how many."""
    statement = syntax.SQL(
        "delete from {table} as t where t.{time} < {before} and not exists (select 1 from ops.legal_holds as h"
        " where h.released_at is null and coalesce(h.table_name, {name}) = {name}"
        " and coalesce(h.venue, t.venue) = t.venue and coalesce(h.symbol, t.symbol) = t.symbol"
        " and t.{time} >= h.since and t.{time} < h.until)"
    ).format(
        table=syntax.Identifier(*policy.table.split(".")),
        name=syntax.Literal(policy.table),
        time=syntax.Identifier(policy.time_column),
        before=syntax.Literal(policy.before),
    )
    connection.execute("lock table ops.legal_holds in share mode")
    return connection.execute(statement).rowcount


def held_by(part: Partition, active: list[Hold]) -> Hold | None:
    """Return the first hold that keeps `part` where it is."""
    return next((hold for hold in active if hold.holds(part)), None)
