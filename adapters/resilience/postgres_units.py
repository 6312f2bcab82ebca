"""A storage for the library `limits` in PostgreSQL, which it has not got: moving windows shared by all processes."""

from limits.storage import Storage
from limits.storage.base import MovingWindowSupport

from adapters.store.database import Database
from trading.errors import Unavailable


class PostgresUnits(Storage, MovingWindowSupport):
    """Counts in ops.venue_requests, by the server's clock. Only moving windows; fixed windows are not kept here."""

    STORAGE_SCHEME: list[str] | None = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What is raised when the server does not answer."""
        return Unavailable

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` units of `key` unless that makes more than `limit` within `expiry` seconds."""
        with self._database.transaction() as connection:
            # A crash of the server may forget a moment's units; waiting for the disk each time would cost more.
            connection.execute("set local synchronous_commit = off")
            row = connection.execute(
                "select ops.take_units(%s, %s, %s, %s) as taken", (key, limit, expiry, amount)
            ).fetchone()
        return bool(row and row["taken"])

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - as told
        """Return (start, units taken) of the window that ends now; start is in seconds since 1970."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "select extract(epoch from coalesce(min(at), clock_timestamp()))::double precision as start,"
                " coalesce(sum(units), 0)::integer as units from ops.venue_requests"
                " where venue = %s and at > clock_timestamp() - make_interval(secs => %s)",
                (key, expiry),
            ).fetchone()
        assert row is not None  # noqa: S101
        return row["start"], row["units"]

    def check(self) -> bool:
        """Return whether the server answers."""
        with self._database.transaction() as connection:
            return connection.execute("select 1").rowcount == 1

    def clear(self, key: str) -> None:
        """Forget the units of `key`."""
        with self._database.transaction() as connection:
            connection.execute("delete from ops.venue_requests where venue = %s", (key,))

    def reset(self) -> int | None:
        """Forget all units."""
        with self._database.transaction() as connection:
            return connection.execute("delete from ops.venue_requests").rowcount

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Refuse: this is of fixed windows."""
        raise NotImplementedError(f"{key}: fixed windows are not kept in PostgreSQL")

    def get(self, key: str) -> int:
        """Refuse: this is of fixed windows."""
        raise NotImplementedError(f"{key}: fixed windows are not kept in PostgreSQL")

    def get_expiry(self, key: str) -> float:
        """Refuse: this is of fixed windows."""
        raise NotImplementedError(f"{key}: fixed windows are not kept in PostgreSQL")
