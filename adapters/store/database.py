"""Connections to the database: one pool a process, every session in UTC and with timeouts that free a frozen lock."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from trading.errors import Interrupted, Misconfigured, Unavailable

#: A frozen client must not hold a row lock for ever: these are safety settings, not tuning.
OPTIONS = (
    "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=20s -c statement_timeout={timeout}"
)
#: A server that is gone without a word is found out by the system, not waited for: seconds, the last in ms.
_LINK = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_LINK |= {"tcp_user_timeout": 10_000}
#: The pool would wait twice as long after each failed attempt; a server that was away for long is to be noticed soon.
_RETRY_SECONDS = 1.0
#: The server has ended a session whose client was silent or slow.
_TOO_LONG = (psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.lookup("25P04"))


#: What `trading.write` knows (sql/migrations), and the row of it.
Entry = tuple[str, dict[str, Any]]


class Connection(psycopg.Connection[DictRow]):
    """A connection with dict rows, whose transaction collects what it writes: a statement costs more than a row."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._written: list[Entry] = []
        self._last: list[Entry] = []

    def write(self, kind: str, /, **row: Any) -> None:
        """Store `row`, in its order with the others: before the next statement that is executed, or at the end."""
        self._written.append((kind, row))

    def write_last(self, kind: str, /, **row: Any) -> None:
        """Store `row` just before the commit: it takes a lock that others will wait for."""
        self._last.append((kind, row))

    def conclude(self) -> None:
        """Store what was collected; nothing may be written after it."""
        self._written += self._last
        self._last = []
        self._flush()

    def forget(self) -> None:
        """Drop what was collected."""
        self._written, self._last = [], []

    def rollback(self) -> None:
        """Undo the transaction, what was only collected with it."""
        self.forget()
        super().rollback()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        """Return a cursor; what it executes sees all that was written before."""
        self._flush()
        return super().cursor(*arguments, **options)

    def _flush(self) -> None:
        if self._written:
            written, self._written = self._written, []
            self.execute("select trading.write(%s)", (document(written),))


def document(content: object) -> Jsonb:
    """Return `content` as a parameter, amounts and times as texts that PostgreSQL reads: exact, not through floats."""
    return Jsonb(content, dumps=_as_json)


def _worded(value: object) -> str:
    if isinstance(value, Decimal | datetime):
        return str(value)
    raise TypeError(f"no value of a row: {value!r}")


_as_json = partial(json.dumps, default=_worded)


class Database:
    """A pool of connections with dict rows. Use as a context manager, or call close()."""

    def __init__(
        self,
        url: str,
        *,
        size: int = 4,
        statement_timeout: str = "120s",
        transaction_timeout: str = "0",
        checked: bool = True,
    ) -> None:
        """Prepare a pool of at most `size`; with `checked` a connection is tried before it is lent.

        Who is fast and tries again by itself does without the check. Who pipelines statements and may freeze sets
        `transaction_timeout` ("0": none): between two of them the server does not count a session as idle.
        """
        self.url = url
        self._reader: Any = None
        check: Any = ConnectionPool.check_connection if checked else None
        self._pool = ConnectionPool(
            url,
            connection_class=Connection,
            min_size=1,
            max_size=size,
            open=False,
            timeout=15,
            check=check,
            configure=None if transaction_timeout == "0" else _limited(transaction_timeout),
            reconnect_timeout=_RETRY_SECONDS,
            reconnect_failed=_try_on,
            kwargs={
                "row_factory": dict_row,
                "options": OPTIONS.format(timeout=statement_timeout),
                "autocommit": False,
                **_LINK,
            },
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection inside one transaction, committed at the end and rolled back on any exception.

        Raises:
            Unavailable: the server does not answer; the message names the setting.
        """
        if self._pool.closed:
            self._pool.open()
        try:
            with self._pool.connection() as connection:
                connection.forget()
                yield connection
                connection.conclude()
        except psycopg.errors.InvalidGrantor as error:
            raise Interrupted(first_line(error)) from error
        except psycopg.errors.DiskFull as error:
            hint = "free some, or choose another --data-dir"
            raise Unavailable(f"no space left on the disk of the database: {first_line(error)}; {hint}") from error
        except (PoolTimeout, psycopg.OperationalError, *_TOO_LONG) as error:
            raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {first_line(error)}") from error

    def arrow(self, query: str) -> Any:
        """Return the rows of `query` as an Arrow table, over a connection of its own that stays open.

        Raises:
            Unavailable: the server does not answer.
        """
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi

        try:
            if self._reader is None:
                self._reader = dbapi.connect(self.url)
            with self._reader.cursor() as cursor:
                cursor.execute(query)
                table = cursor.fetch_arrow_table()
            # ADBC opens a transaction for each read; left open it would hold back vacuum and see no later rows.
            self._reader.rollback()
        except Error as error:
            reader, self._reader = self._reader, None
            if reader is not None:
                with suppress(Error):
                    reader.close()
            raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {first_line(error)}") from error
        return table

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reach(url: str) -> None:
    """Connect once and at once, for a command that a person waits for; a pool goes on trying and says less.

    Raises:
        Misconfigured: the URL is none.
        Unavailable: the server does not answer, or lets us not in; the message says why.
    """
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {first_line(error)}") from error
    except psycopg.Error as error:
        raise Misconfigured(f"TRADEWIND_DATABASE_URL: {first_line(error)}") from error


def version(database: Database) -> str:
    """Return `postgresql 18.1`, or `timescaledb 2.x on postgresql 18.1` where the extension is installed."""
    with database.transaction() as connection:
        row = connection.execute(
            "select current_setting('server_version') as pg,"
            " (select extversion from pg_extension where extname = 'timescaledb') as ts"
        ).fetchone()
    assert row is not None  # noqa: S101
    server = f"postgresql {str(row['pg']).split()[0]}"
    return f"timescaledb {row['ts']} on {server}" if row["ts"] else server


def _limited(transaction_timeout: str) -> Callable[[Connection], None]:
    """Return what limits the transactions of a new connection, where the server (17 and later) can do that."""

    def configure(connection: Connection) -> None:
        query = "select set_config(name, %s, false) from pg_settings where name = 'transaction_timeout'"
        connection.execute(query, (transaction_timeout,))
        connection.commit()

    return configure


def _try_on(pool: Any) -> None:
    """Let the pool that has given up try again, for those who wait for it."""
    pool.check()


def first_line(error: Exception) -> str:
    """Return the first line of what the server said, or the kind of the error where it said nothing."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
