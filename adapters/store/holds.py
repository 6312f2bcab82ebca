"""Legal holds: rows that nobody may delete until a person releases them."""

from dataclasses import dataclass, replace
from datetime import datetime

from adapters.store import audit
from adapters.store.cold import Partition
from adapters.store.database import Connection
from trading.errors import Misconfigured


@dataclass(frozen=True)
class Hold:
    """An active row of ops.legal_holds; None: all of them."""

    hold_id: int
    table: str | None
    venue: str | None
    symbol: str | None
    since: datetime | None
    until: datetime | None
    reason: str

    def holds(self, part: Partition) -> bool:
        """Return whether any row of `part` may be under this hold."""
        return (
            self.table in {None, part.table}
            and self.venue in {None, part.venue}
            and self.symbol in {None, part.symbol}
            and (self.since is None or self.since < part.until)
            and (self.until is None or self.until > part.since)
        )


def active(connection: Connection) -> list[Hold]:
    """Return all holds that are not released."""
    rows = connection.execute(
        "select hold_id, table_name, venue, symbol, nullif(since, '-infinity') as since,"
        " nullif(until, 'infinity') as until, reason from ops.legal_holds where released_at is null order by hold_id"
    ).fetchall()
    return [
        Hold(r["hold_id"], r["table_name"], r["venue"], r["symbol"], r["since"], r["until"], r["reason"]) for r in rows
    ]


def place(connection: Connection, wanted: Hold, by: str, at: datetime) -> Hold:
    """Store `wanted` under a number of its own, with its row in the audit chain, and return it as it stands.

    Raises:
        Misconfigured: its table is none that a policy deletes from, or its span is empty.
    """
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise Misconfigured(f"--start {wanted.since} is not before --end {wanted.until}")
    known = [
        row["table_name"] for row in connection.execute("select table_name from ops.retention_policies order by 1")
    ]
    if wanted.table is not None and wanted.table not in known:
        raise Misconfigured(f"--table {wanted.table}: rows are deleted from {', '.join(known)} alone")
    row = connection.execute(
        "insert into ops.legal_holds (table_name, venue, symbol, since, until, reason, placed_by)"
        " values (%s, %s, %s, coalesce(%s, '-infinity'::timestamptz), coalesce(%s, 'infinity'::timestamptz), %s, %s)"
        " returning hold_id",
        (wanted.table, wanted.venue, wanted.symbol, wanted.since, wanted.until, wanted.reason, by),
    ).fetchone()
    assert row is not None  # noqa: S101
    placed = replace(wanted, hold_id=row["hold_id"])
    about = {name: str(value) for name, value in vars(placed).items() if value is not None}
    audit.record(connection, at, by, "hold_placed", str(placed.hold_id), about)
    return placed


def release(connection: Connection, hold_id: int, reason: str, by: str, at: datetime) -> None:
    """End a hold, with its row in the audit chain: its rows are deleted when their time comes.

    Raises:
        Misconfigured: there is no such hold in force.
    """
    released = connection.execute(
        "update ops.legal_holds set released_by = %s, released_at = clock_timestamp()"
        " where hold_id = %s and released_at is null",
        (by, hold_id),
    ).rowcount
    if not released:
        raise Misconfigured(f"hold {hold_id} is not in force; `tradewind data holds` lists those that are")
    audit.record(connection, at, by, "hold_released", str(hold_id), {"reason": reason})
