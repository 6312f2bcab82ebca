"""The guard's round: halt on a violation, alarm on a lasting doubt, cancel what works under a halt."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from adapters.exchange.clock import WallClock
from adapters.store import audit, halts, heartbeats
from adapters.store.database import Connection, Database
from adapters.store.halts import Halt
from services.guard.watch import Doubt, doubts, violations
from trading.errors import Unavailable
from trading.ports import Known, Unreachable

_log = structlog.get_logger()

ACTOR = "guard"
#: How long a doubt may last before it is an alarm, monotonic seconds.
GRACE_SECONDS = 8.0


class Canceller(Protocol):
    """Cancels all working orders of a symbol in one request."""

    def cancel_all(self, symbol: str) -> Known[int] | Unreachable:
        """Return how many orders the venue cancelled."""
        ...


class Guard:
    """Watches one book. Halts outlive it: they are rows, and only a person lifts them."""

    def __init__(self, database: Database, book: str, symbols: Sequence[str], canceller: Canceller) -> None:
        self._database = database
        self._book = book
        self._symbols = tuple(symbols)
        self._canceller = canceller
        self._doubted: dict[str, float] = {}
        self._alarmed: set[str] = set()

    def turn(self, monotonic: float) -> None:
        """Do one round; what cannot be judged is a reason to halt. Unavailable when the database does not answer."""
        try:
            with self._database.transaction() as connection:
                found = violations(connection, self._book)
                doubtful = doubts(connection, self._book)
        except Unavailable:
            raise
        except Exception as error:
            _log.exception("cannot_judge")
            self._halt(None, f"the guard cannot judge: {type(error).__name__}: {error}")
            found, doubtful = [], []
        for violation in found:
            self._halt(violation.symbol, violation.reason)
        self._weigh(doubtful, monotonic)
        self._enforce()
        with self._database.transaction() as connection:
            detail = {"doubts": sorted(self._doubted), "alarms": sorted(self._alarmed)}
            heartbeats.beat(connection, ACTOR, self._book, detail)

    def _halt(self, symbol: str | None, reason: str) -> None:
        with self._database.transaction() as connection:
            if halts.add(connection, self._book, symbol, reason, ACTOR):
                _log.error("halted", symbol=symbol, reason=reason)
                self._record(connection, "halted", symbol or self._book, {"symbol": symbol, "reason": reason})

    def _weigh(self, found: Sequence[Doubt], monotonic: float) -> None:
        """Write an alarm once for each doubt that lasts, and forget those that are gone."""
        now = {doubt.name: doubt for doubt in found}
        self._doubted = {name: self._doubted.get(name, monotonic) for name in now}
        self._alarmed &= now.keys()
        for name, since in self._doubted.items():
            if monotonic - since < GRACE_SECONDS or name in self._alarmed:
                continue
            _log.error("alarm", name=name, detail=now[name].detail)
            with self._database.transaction() as connection:
                self._record(connection, "alarm", name, {"detail": now[name].detail})
            self._alarmed.add(name)

    def _enforce(self) -> None:
        """Cancel what works under each halt that nobody has enforced; an unanswered one comes again."""
        with self._database.transaction() as connection:
            waiting = halts.unenforced(connection, self._book)
        for halt in waiting:
            cancelled = self._cancel(halt)
            if cancelled is None:
                continue
            with self._database.transaction() as connection:
                self._record(connection, "halt_enforced", str(halt.halt_id), {"cancelled": cancelled})

    def _cancel(self, halt: Halt) -> dict[str, int] | None:
        """Return the number of cancelled orders by symbol; None when the venue did not answer for all of them."""
        cancelled: dict[str, int] = {}
        for symbol in self._symbols if halt.symbol is None else (halt.symbol,):
            answer = self._canceller.cancel_all(symbol)
            if isinstance(answer, Unreachable):
                _log.error("cannot_cancel", symbol=symbol, why=answer.why)
                continue
            cancelled[symbol] = answer.value
        return cancelled if len(cancelled) == (len(self._symbols) if halt.symbol is None else 1) else None

    def _record(self, connection: Connection, kind: str, ref: str, payload: dict[str, object]) -> None:
        audit.record(connection, WallClock().now(), ACTOR, kind, ref, {"book": self._book, **payload})
