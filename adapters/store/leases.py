"""The right to trade a book: one owner at a time, each new owner under a higher epoch."""

from typing import Any

import psycopg

from adapters.store.database import Connection
from trading.errors import Unavailable


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


def succeed(connection: Connection, book: str, owner: str, lease_ms: int) -> int | None:
    """Take the lease of `book` from an owner that has been silent for `lease_ms`, None when there is none such."""
    row = connection.execute(
        "update trading.leases set owner = %s, epoch = epoch + 1, renewed_at = clock_timestamp()"
        " where book = %s and renewed_at < clock_timestamp() - make_interval(secs => %s) returning epoch",
        (owner, book, lease_ms / 1000),
    ).fetchone()
    if row is None:
        return None
    _evict(connection, book)
    return row["epoch"]


def require(connection: Connection, book: str, epoch: int) -> None:
    """Go on only while `epoch` is the newest; nobody can take the lease until the transaction ends.

    It is asked just before the commit: an epoch that is void fails the transaction as Interrupted.
    """
    connection.write_last("lease", book=book, epoch=epoch)


def renew(connection: Connection, book: str, epoch: int) -> bool:
    """Say that the owner under `epoch` lives; False when somebody else owns the book."""
    row = connection.execute(
        "update trading.leases set renewed_at = clock_timestamp() where book = %s and epoch = %s returning 1",
        (book, epoch),
    ).fetchone()
    return row is not None


def release(connection: Connection, book: str, epoch: int) -> None:
    """Give the lease up, so that the next owner need not wait."""
    connection.execute(
        "update trading.leases set renewed_at = '-infinity' where book = %s and epoch = %s", (book, epoch)
    )


def _evict(connection: Connection, book: str) -> None:
    """End the session that holds the presence of a silent owner: its lock must not speak for it any more."""
    connection.execute(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objsubid = 1 and granted"
        " and (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 7466925)",
        (book,),
    )


class Presence:
    """A lock that lives as long as this process' connection: its end tells a standby at once that the owner is gone.

    It is a hint and no more; the right to trade is the epoch.
    """

    def __init__(self, url: str, book: str) -> None:
        self._url = url
        self._book = book
        self._connection: psycopg.Connection[Any] | None = None

    def claim(self) -> bool:
        """Take the lock, or see that it is held already; False while another process holds it.

        Raises:
            Unavailable: the server does not answer.
        """
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            row = self._connection.execute(
                "select pg_try_advisory_lock(hashtextextended(%s, 7466925)) as free", (self._book,)
            ).fetchone()
        except psycopg.OperationalError as error:
            self.close()
            raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {error}") from error
        return row is not None and bool(row[0])

    def close(self) -> None:
        """Let the lock go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
