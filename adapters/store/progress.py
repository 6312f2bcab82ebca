"""How far a book has come: whether its history is in, and whether everything known by now has had its effect."""

from dataclasses import dataclass
from datetime import datetime

from adapters.store import heartbeats
from adapters.store.database import Database


@dataclass(frozen=True)
class Barrier:
    """Whether time may go on; `unproven` orders wait for venue time to pass, `why` says what is not settled."""

    settled: bool
    unproven: bool
    why: str


def bootstrapped(database: Database, book: str) -> bool:
    """Return True once the book has models and funds: the last things its bootstrap writes."""
    with database.transaction() as connection:
        return bool(
            connection.execute(
                "select 1 from trading.journals where book = %s and kind = 'DEPOSIT' limit 1", (book,)
            ).rowcount
        )


def barrier(database: Database, book: str, now: datetime, execution_pid: int | None) -> Barrier:
    """Return whether every unexpired signal is in the inbox, every order settled and execution idle at `now`."""
    with database.transaction() as connection:
        row = connection.execute(
            "select (select count(*) from trading.outbox as o where o.book = %(book)s and o.valid_until > %(now)s"
            "  and not exists (select 1 from trading.inbox as i where i.signal_id = o.signal_id)) as missing,"
            " (select count(*) from trading.orders where book = %(book)s"
            "  and state in ('INTENT', 'PENDING_CANCEL')) as waiting,"
            " (select count(*) from trading.orders where book = %(book)s"
            "  and state in ('SENDING', 'UNKNOWN')) as unproven,"
            " (select count(*) from trading.triggers where book = %(book)s) as triggers",
            {"book": book, "now": now},
        ).fetchone()
        settled_at = (
            None if execution_pid is None else heartbeats.settled_at(connection, "execution", book, execution_pid)
        )
    assert row is not None  # noqa: S101
    open_points = {name: count for name, count in row.items() if count}
    idle = settled_at is not None and settled_at >= now
    why = ", ".join(
        [*(f"{count} {name}" for name, count in open_points.items()), *([] if idle else ["execution busy"])]
    )
    return Barrier(not open_points and idle, bool(row["unproven"]), why)
