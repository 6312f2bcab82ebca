"""What keeps a process that trades in touch with all others about its venue, and never makes an order wait for it."""

from collections.abc import Sequence
from threading import Lock
from time import monotonic

import psycopg
import structlog

from adapters.exchange.passage import Allowance, Reply, Request
from adapters.resilience.budget import Budget
from adapters.resilience.circuits import Circuit, circuits_of, pause_left, say_pause
from adapters.store.database import Database
from trading.errors import Unavailable

_log = structlog.get_logger()

EVERY_SECONDS = 0.2
_NUMBERS_SECONDS = 1.0
_TOO_MANY = (418, 429)
_PAUSE_SECONDS = 10.0


class Liaison:
    """Counts what this process asks of `venue` into the shared budget, and shares pauses, in `look`, a thread's work.

    A passage that lets everything through at once: without the database nothing is shared, and orders go out.
    """

    def __init__(self, venue: str, allowance: Allowance, database: Database, budget: Budget) -> None:
        self.venue = venue
        self._allowance, self._database, self._budget = allowance, database, budget
        self._lock = Lock()
        self._units = 0
        self._until = 0.0
        self._told_until = 0.0
        self._status = 0
        self._away = False
        self._look_on = 0.0
        self.circuits: Sequence[Circuit] = ()
        self.used = 0

    def enter(self, request: Request) -> None:
        """Note that `request` goes out."""
        with self._lock:
            self._units += request.units

    def leave(self, reply: Reply) -> None:
        """Begin a pause when the venue asks for one."""
        if reply.status in _TOO_MANY:
            until = monotonic() + (_PAUSE_SECONDS if reply.retry_after is None else reply.retry_after)
            with self._lock:
                self._until, self._status = max(until, self._until), reply.status

    def waits(self) -> bool:
        """Return at once whether the venue wants to be left alone, as far as this process has heard."""
        return monotonic() < self._until

    @property
    def pause_seconds(self) -> float:
        """For how long it still wants to be left alone."""
        return max(0.0, self._until - monotonic())

    def look(self) -> None:
        """Tell the others what was asked and hear what they were told; when nobody answers, keep it for the next."""
        with self._lock:
            units, self._units = self._units, 0
            until, status = self._until, self._status
        try:
            self._exchange(until, status)
            if units:
                self._budget.count(self.venue, self._allowance, units)
                units = 0
            self._look_around()
        except (Unavailable, psycopg.Error) as error:
            with self._lock:
                self._units = min(self._units + units, self._allowance.units)
            if not self._away:
                _log.warning("budget_not_shared", why=str(error))
            self._away = True
        else:
            self._away = False

    def _exchange(self, until: float, status: int) -> None:
        with self._database.transaction() as connection:
            left = until - monotonic()
            if left > 0 and until > self._told_until:
                say_pause(connection, self.venue, status, left)
            heard = pause_left(connection, self.venue)
        self._told_until = until
        if heard:
            heard_until = monotonic() + heard
            self._told_until = max(until, heard_until)
            with self._lock:
                self._until = max(self._until, heard_until)

    def _look_around(self) -> None:
        if monotonic() < self._look_on:
            return
        with self._database.transaction() as connection:
            self.circuits = circuits_of(connection, self.venue)
        self.used = self._budget.used(self.venue, self._allowance)
        self._look_on = monotonic() + _NUMBERS_SECONDS
