"""The guard's round: halt on a violation, alarm on a lasting doubt, cancel what works under a halt."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import structlog

from adapters.exchange.clock import WallClock
from adapters.store import audit, halt_files, halts, heartbeats
from adapters.store.database import Database
from adapters.store.halts import Halt
from services.guard.anchoring import Anchoring
from services.guard.strays import Seer, Strays
from services.guard.watch import Doubt, Violation, doubts, violations
from trading.errors import Unavailable
from trading.ports import Known, Unreachable

_log = structlog.get_logger()

ACTOR = "guard"
#: How long a doubt may last before it is an alarm, monotonic seconds.
GRACE_SECONDS = 8.0


class Canceller(Seer, Protocol):
    """Sees all working orders, and cancels those of a symbol in one request."""

    def cancel_all(self, symbol: str) -> Known[int] | Unreachable:
        """Return how many orders the venue cancelled."""
        ...


class Guard:
    """Watches one book. Halts outlive it: they are rows, and only a person lifts them."""

    def __init__(
        self, database: Database, book: str, symbols: Sequence[str], canceller: Canceller, data_dir: Path
    ) -> None:
        self._database = database
        self._book = book
        self._symbols = tuple(symbols)
        self._canceller = canceller
        self._data_dir = data_dir
        self._strays = Strays(database, book, symbols, canceller)
        self.anchoring = Anchoring(database, data_dir)
        self._doubted: dict[str, float] = {}
        self._alarmed: set[str] = set()
        self._notes: list[tuple[str, str, dict[str, object]]] = []

    def turn(self, monotonic: float) -> None:
        """Do one round; what cannot be judged is a reason to halt. Unavailable when the database does not answer."""
        self._take_files()
        self._enforce()
        found, doubtful = self._judge(monotonic)
        for violation in found:
            self._halt(violation.symbol, violation.reason)
        if found:
            self._enforce()
        self._weigh(doubtful, monotonic)
        self._write_notes()
        with self._database.transaction() as connection:
            detail = {"doubts": sorted(self._doubted), "alarms": sorted(self._alarmed)}
            heartbeats.beat(connection, ACTOR, self._book, detail)

    def _judge(self, monotonic: float) -> tuple[list[Violation], list[Doubt]]:
        try:
            with self._database.transaction() as connection:
                found = violations(connection, self._book)
                doubtful = doubts(connection, self._book)
            at_venue = self._strays.look(monotonic)
            return [*found, *at_venue.violations], [*doubtful, *at_venue.doubts, *self.anchoring.turn(monotonic)]
        except Unavailable:
            raise
        except Exception as error:
            _log.exception("cannot_judge")
            return [Violation(None, f"the guard cannot judge: {type(error).__name__}: {error}")], []

    def _take_files(self) -> None:
        """Make rows of the halts that a person gave while the database was down."""
        for path in halt_files.waiting(self._data_dir, self._book):
            with self._database.transaction() as connection:
                halt_id, symbol, reason = halt_files.add(connection, self._book, path, self._symbols)
            path.unlink(missing_ok=True)
            if halt_id is not None:
                self._note("halted", symbol or self._book, {"symbol": symbol, "reason": reason, "file": path.name})

    def _halt(self, symbol: str | None, reason: str) -> None:
        # The row comes first and alone: its audit event may have to wait for whoever holds the chain.
        with self._database.transaction() as connection:
            halt_id = halts.add(connection, self._book, symbol, reason, ACTOR)
        if halt_id is not None:
            _log.error("halted", symbol=symbol, reason=reason)
            self._note("halted", symbol or self._book, {"symbol": symbol, "reason": reason})

    def _weigh(self, found: Sequence[Doubt], monotonic: float) -> None:
        """Write an alarm once for each doubt that lasts, and forget those that are gone."""
        now = {doubt.name: doubt for doubt in found}
        self._doubted = {name: self._doubted.get(name, monotonic) for name in now}
        self._alarmed &= now.keys()
        for name, since in self._doubted.items():
            if monotonic - since < GRACE_SECONDS or name in self._alarmed:
                continue
            _log.error("alarm", name=name, detail=now[name].detail)
            self._note("alarm", name, {"detail": now[name].detail})
            self._alarmed.add(name)

    def _enforce(self) -> None:
        """Cancel what works under each halt that nobody has enforced; an unanswered one comes again.

        What was on its way when its halt came arrives after the first cancel, so it is looked for on.
        """
        with self._database.transaction() as connection:
            waiting = halts.unenforced(connection, self._book)
            standing = halts.in_force(connection, self._book)
        for halt in waiting:
            cancelled = self._cancel(self._symbols if halt.symbol is None else (halt.symbol,))
            if cancelled is None:
                continue
            with self._database.transaction() as connection:
                halts.mark_enforced(connection, halt.halt_id)
            self._note("halt_enforced", str(halt.halt_id), {"cancelled": cancelled})
        for symbol in self._late(standing):
            self._note("halt_enforced", symbol, {"late": self._cancel((symbol,))})
        if waiting:
            self._write_notes()
            self.anchoring.ask()

    def _late(self, standing: Sequence[Halt]) -> set[str]:
        """Return the halted symbols in which an entry or a quote worked when the venue was last seen, once each."""
        entries = self._strays.take_entries()
        whole = any(halt.symbol is None for halt in standing)
        return {symbol for symbol in entries if whole or any(halt.symbol == symbol for halt in standing)}

    def _cancel(self, symbols: Sequence[str]) -> dict[str, int] | None:
        """Return the number of cancelled orders by symbol; None when the venue did not answer for all of them."""
        cancelled: dict[str, int] = {}
        for symbol in symbols:
            try:
                answer = self._canceller.cancel_all(symbol)
            except Exception as error:
                # One symbol that cannot even be asked for must not keep the others working.
                answer = Unreachable(f"{type(error).__name__}: {error}")
            if isinstance(answer, Unreachable):
                _log.error("cannot_cancel", symbol=symbol, why=answer.why)
                continue
            cancelled[symbol] = answer.value
        return cancelled if len(cancelled) == len(symbols) else None

    def _note(self, kind: str, ref: str, payload: dict[str, object]) -> None:
        """Keep an audit event until the chain takes it."""
        self._notes.append((kind, ref, {"book": self._book, **payload}))

    def _write_notes(self) -> None:
        if not self._notes:
            return
        with self._database.transaction() as connection:
            for kind, ref, payload in self._notes:
                audit.record(connection, WallClock().now(), ACTOR, kind, ref, payload)
        self._notes.clear()
