"""The lease of a book: waited for as a standby, kept while we trade, given up at the end."""

from threading import Event, Thread
from time import monotonic

import structlog

from adapters.store import heartbeats, leases
from adapters.store.database import Database
from adapters.store.leases import Presence
from trading.errors import Unavailable

_log = structlog.get_logger()

_LOOK_SECONDS = 0.1
_SAY_SECONDS = 2.0


class Lease:
    """One book's lease. Whoever holds it says so several times within `lease_ms`; a silent owner loses it."""

    def __init__(self, database: Database, book: str, owner: str, lease_ms: int) -> None:
        self._database = database
        self._book = book
        self._owner = owner
        self._lease_ms = lease_ms
        self._presence = Presence(database.url, book)
        self._ended = Event()
        self._thread: Thread | None = None
        self.epoch = 0

    def wait(self, stop: Event) -> int | None:
        """Stand by until the book is free, take it and return the epoch; None when `stop` is set before.

        The owner's end is seen at once by its lost connection, its silence after `lease_ms`.
        """
        told = -_SAY_SECONDS
        while not stop.is_set():
            try:
                if monotonic() - told >= _SAY_SECONDS:
                    self._say()
                    told = monotonic()
                epoch = self._take(present=self._presence.claim())
                if epoch is not None:
                    self.epoch = epoch
                    self._thread = Thread(target=self._keep, name="lease", daemon=True)
                    self._thread.start()
                    return self.epoch
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
            stop.wait(_LOOK_SECONDS)
        return None

    def close(self) -> None:
        """Give the lease up."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            try:
                with self._database.transaction() as connection:
                    leases.release(connection, self._book, self.epoch)
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
        self._presence.close()

    def _say(self) -> None:
        with self._database.transaction() as connection:
            heartbeats.beat(connection, "standby", self._book, {"owner": self._owner})

    def _take(self, *, present: bool) -> int | None:
        """Take the lease: at once when nobody else is present, else only from an owner that has fallen silent."""
        with self._database.transaction() as connection:
            if present:
                return leases.seize(connection, self._book, self._owner)
            return leases.succeed(connection, self._book, self._owner, self._lease_ms)

    def _keep(self) -> None:
        """Renew until the end; a database that does not answer is tried again, a lost lease is found by the desk."""
        while not self._ended.wait(self._lease_ms / 4000):
            try:
                self._presence.claim()
                with self._database.transaction() as connection:
                    if not leases.renew(connection, self._book, self.epoch):
                        return
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
