"""Anchoring: what the audit chain is now goes to a file outside the database, every minute and at each halt."""

from pathlib import Path

import structlog

from adapters.exchange.clock import WallClock
from adapters.store import audit_chain
from adapters.store.anchors import AnchorFile
from adapters.store.database import Database
from services.guard.watch import Doubt
from trading.errors import BadData, Unavailable

_log = structlog.get_logger()

EVERY_SECONDS = 60.0


class Anchoring:
    """Appends anchors to the file of a data folder; a chain that has left its last anchor gets no new one."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database = database
        self._file = AnchorFile(data_dir)
        self._due = float("-inf")
        self._doubts: list[Doubt] = []

    def ask(self) -> None:
        """Let the next turn take an anchor, whatever the time."""
        self._due = float("-inf")

    def turn(self, monotonic: float) -> list[Doubt]:
        """Take an anchor when it is time and return what is doubtful about the chain.

        Raises:
            Unavailable: the database does not answer; the next turn tries again.
        """
        if monotonic >= self._due:
            self._due = monotonic + EVERY_SECONDS
            try:
                self._doubts = self._take()
            except Unavailable:
                self.ask()
                raise
        return self._doubts

    def _take(self) -> list[Doubt]:
        try:
            last = self._file.newest()
            with self._database.transaction() as connection:
                if last is not None and not audit_chain.holds(connection, last):
                    return [Doubt("audit chain", f"row {last.seq} is not as anchored: `tradewind audit verify`")]
                head = audit_chain.newest(connection)
            if head is None:
                self.ask()
            elif last is None or head[0] > last.seq:
                self._file.add(*head, WallClock().now().isoformat())
        except (BadData, OSError) as error:
            _log.error("cannot_anchor", why=str(error))
            return [Doubt("audit anchors", f"the audit chain gets no anchor: {error}")]
        return []
