"""The outbox: signals written with their rows in one transaction, and the marks of the relay."""

from datetime import datetime
from typing import Any

import psycopg

from adapters.store.database import Connection
from trading.errors import Unavailable


def add(connection: Connection, signals: list[dict[str, Any]], topic: str) -> int:
    """Store messages (signal_id, book, key, payload, created_at, valid_until); known ids are left alone."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into trading.outbox (signal_id, book, topic, key, payload, created_at, valid_until) values"
            " (%(signal_id)s, %(book)s, %(topic)s, %(key)s, %(payload)s, %(created_at)s, %(valid_until)s)"
            " on conflict (signal_id) do nothing",
            [{**signal, "topic": topic} for signal in signals],
        )
        return cursor.rowcount


def pending(
    connection: Connection, book: str, cluster_id: str, now: datetime, limit: int = 500
) -> list[dict[str, Any]]:
    """Return messages not yet sent to this cluster: new ones, and unexpired ones that only another cluster has."""
    return connection.execute(
        "select signal_id, topic, key, payload from trading.outbox where book = %s and"
        " (published_at is null or (cluster_id is distinct from %s and valid_until > %s))"
        " order by created_at, signal_id limit %s",
        (book, cluster_id, now, limit),
    ).fetchall()


class Bell:
    """Rings when somebody has put something into an outbox; it is a hint, the outbox itself is the truth."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def wait(self, seconds: float) -> None:
        """Return at the next ring, or after `seconds`; Unavailable when the server does not answer."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True)
                self._connection.execute("listen tradewind_outbox")
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                pass
        except psycopg.OperationalError as error:
            self.close()
            raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {error}") from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def waiting(connection: Connection, book: str, cluster_id: str) -> bool:
    """Return True when there may be something to send: a cheap look that needs no clock."""
    return bool(
        connection.execute(
            "select 1 from trading.outbox where book = %s and (published_at is null or cluster_id is distinct from %s)"
            " limit 1",
            (book, cluster_id),
        ).rowcount
    )


def mark(
    connection: Connection, signal_id: str, cluster_id: str, partition: int, offset: int, published_at: datetime
) -> None:
    """Note where the message lies; the first time of publication stays."""
    connection.execute(
        "update trading.outbox set cluster_id = %s, partition = %s, offset_ = %s,"
        " published_at = coalesce(published_at, %s) where signal_id = %s",
        (cluster_id, partition, offset, published_at, signal_id),
    )


def progress(connection: Connection, book: str) -> tuple[int, int, datetime | None]:
    """Return how many messages of `book` are published, how many wait, and when the last one was published."""
    row = connection.execute(
        "select count(published_at) as sent, count(*) - count(published_at) as waiting, max(published_at) as last"
        " from trading.outbox where book = %s",
        (book,),
    ).fetchone()
    return (0, 0, None) if row is None else (row["sent"], row["waiting"], row["last"])
