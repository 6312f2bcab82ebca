"""The right to trade a book: one owner at a time, each new owner under a higher epoch."""

from adapters.store.database import Connection


def seize(connection: Connection, book: str, owner: str) -> int:
    """Take the lease of `book` for `owner` and return its epoch; the former owner's epoch is then void."""
    row = connection.execute(
        "insert into trading.leases as l (book, owner, epoch) values (%s, %s, 1)"
        " on conflict (book) do update set owner = excluded.owner, epoch = l.epoch + 1, renewed_at = clock_timestamp()"
        " returning epoch",
        (book, owner),
    ).fetchone()
    assert row is not None  # noqa: S101
    return row["epoch"]


def holds(connection: Connection, book: str, epoch: int) -> bool:
    """Return True while `epoch` is still the newest; nobody can take the lease until the transaction ends."""
    return bool(
        connection.execute(
            "select 1 from trading.leases where book = %s and epoch = %s for share", (book, epoch)
        ).rowcount
    )
